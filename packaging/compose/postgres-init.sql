-- For postgres-redis.yaml: a role that owns its database and nothing else, as in docs/guide/scaling.md.
\set password `cat /run/secrets/postgres-rotunda`
CREATE ROLE rotunda LOGIN PASSWORD :'password';
CREATE DATABASE rotunda OWNER rotunda;
