// Secrets of one data folder (the one that the process is in): made at the first start, the same ever after.
import { readFileSync, writeFileSync } from 'node:fs'

export function secrets(make) {
  try {
    return JSON.parse(readFileSync('secrets.json', 'utf8'))
  } catch (missing) {
    if (missing.code !== 'ENOENT') throw missing
    const made = make()
    writeFileSync('secrets.json', JSON.stringify(made), { mode: 0o600, flag: 'wx' })
    return made
  }
}
