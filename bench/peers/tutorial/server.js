// The design that tutorials teach: Express, an access token and a refresh token signed with two secrets, and the identifier
// of the session's latest refresh token in Redis.
//
// 1. Login: Argon2id, then both tokens; Redis keeps `session:ID` = the refresh token's identifier.
// 2. Refresh: the cookie's signature and expiry, then one command that puts the next identifier where the last one was.
// 3. Had the last one been replaced before, somebody kept a copy: the session ends.
//
// Tutorials read, compare and write with two commands, and two requests at once both succeed. One command is quicker and
// lets one of them win.
import { randomBytes, randomUUID } from 'node:crypto'
import argon2 from 'argon2'
import cookieParser from 'cookie-parser'
import express from 'express'
import jwt from 'jsonwebtoken'
import { createClient } from 'redis'
import { secrets } from './secrets.js'
import { workers } from './workers.js'

const [port, users] = process.argv.slice(2).map(Number)
// Rotunda's: 46 MiB, one pass, one lane.
const HASH = { type: argon2.argon2id, memoryCost: 46 * 1024, timeCost: 1, parallelism: 1 }
const PASSWORD = 'correct horse battery staple'
const WEEK = 7 * 24 * 60 * 60
const keys = secrets(() => ({ access: randomBytes(32).toString('hex'), refresh: randomBytes(32).toString('hex') }))

const redis = createClient({ socket: { path: 'redis.sock' } })
redis.on('error', (error) => console.error(error))
await redis.connect()

async function prepare() {
  const hash = await argon2.hash(PASSWORD, HASH)
  const accounts = {}
  for (let user = 0; user < users; user += 1) {
    accounts[`user:user${user}@example.org`] = JSON.stringify({ id: String(user), hash })
  }
  await redis.mSet(accounts)
}

function answer(response, user, session, token) {
  const refresh = jwt.sign({ sub: user, sid: session, jti: token }, keys.refresh, { expiresIn: WEEK })
  const access = jwt.sign({ sub: user, sid: session }, keys.access, { expiresIn: 900 })
  response.cookie('refresh_token', refresh, {
    httpOnly: true, secure: true, sameSite: 'strict', path: '/auth/refresh', maxAge: WEEK * 1000,
  })
  response.json({ access_token: access, token_type: 'Bearer', expires_in: 900 })
}

async function login(request, response) {
  const { email, password } = request.body ?? {}
  const stored = await redis.get(`user:${email}`)
  const account = stored && JSON.parse(stored)
  if (!account || !(await argon2.verify(account.hash, String(password)))) {
    return response.status(401).json({ error: 'credentials_invalid' })
  }
  const [session, token] = [randomUUID(), randomUUID()]
  await redis.set(`session:${session}`, token, { expiration: { type: 'EX', value: WEEK } })
  answer(response, account.id, session, token)
}

async function refresh(request, response) {
  const refused = () => response.status(401).json({ error: 'token_invalid' })
  let claims
  try {
    claims = jwt.verify(request.cookies.refresh_token ?? '', keys.refresh, { algorithms: ['HS256'] })
  } catch {
    return refused()
  }
  const [key, next] = [`session:${claims.sid}`, randomUUID()]
  const latest = await redis.set(key, next, { condition: 'XX', GET: true, expiration: { type: 'EX', value: WEEK } })
  if (latest !== claims.jti) {
    await redis.del(key)
    return refused()
  }
  answer(response, claims.sub, claims.sid, next)
}

function serve() {
  const app = express()
  app.use(express.json(), cookieParser())
  app.post('/auth/login', login)
  app.post('/auth/refresh', refresh)
  app.listen(port, '127.0.0.1')
}

await workers(port, prepare, serve)
