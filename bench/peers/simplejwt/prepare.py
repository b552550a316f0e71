"""prepare.py USERS: the tables, and as many users with one password."""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")

import django

django.setup()

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.management import call_command

call_command("migrate", verbosity=0)
if not User.objects.exists():
    password = make_password("correct horse battery staple")
    User.objects.bulk_create(
        User(username=f"user{n}@example.org", password=password) for n in range(int(sys.argv[1]))
    )
