"""Argon2id at Rotunda's cost: 46 MiB, one pass, one lane."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    memory_cost = 46 * 1024
    time_cost = 1
    parallelism = 1
