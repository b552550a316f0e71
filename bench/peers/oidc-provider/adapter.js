// What oidc-provider keeps, in Redis: one hash a document.
//
// A document has two fields: `payload`, and `consumed` once it has been used up. Beside it stand `uid:ID`, by which a
// session is found, and `grant:ID`, the names of all that a revoked grant takes along.
import { Redis } from 'ioredis'

const GRANTED = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken'])

const redis = new Redis({ path: 'redis.sock', enableAutoPipelining: true })

export class Adapter {
  constructor(model) {
    this.model = model
  }

  key(id) {
    return `${this.model}:${id}`
  }

  async upsert(id, payload, seconds) {
    const key = this.key(id)
    const writes = redis.multi().hset(key, 'payload', JSON.stringify(payload))
    if (seconds) writes.expire(key, seconds)
    if (payload.uid) writes.set(`uid:${payload.uid}`, id, 'EX', seconds)
    if (GRANTED.has(this.model) && payload.grantId) {
      const grant = `grant:${payload.grantId}`
      // The latest member is a refresh token, which outlives the code before it.
      writes.rpush(grant, key).expire(grant, seconds)
    }
    for (const [failed] of await writes.exec()) if (failed) throw failed
  }

  async find(id) {
    const [payload, consumed] = await redis.hmget(this.key(id), 'payload', 'consumed')
    if (!payload) return undefined
    return consumed ? { ...JSON.parse(payload), consumed: Number(consumed) } : JSON.parse(payload)
  }

  async findByUid(uid) {
    const id = await redis.get(`uid:${uid}`)
    return id ? this.find(id) : undefined
  }

  async consume(id) {
    await redis.hset(this.key(id), 'consumed', Math.floor(Date.now() / 1000))
  }

  async destroy(id) {
    await redis.del(this.key(id))
  }

  async revokeByGrantId(id) {
    const members = await redis.lrange(`grant:${id}`, 0, -1)
    await redis.del(`grant:${id}`, ...members)
  }
}
