// A process for each core, as Node's documentation of `cluster` has it.
//
// 1. The first process prepares what the others share, and starts them.
// 2. Once all of them listen it prints `ready URL`.
// 3. It ends with the first of them that ends, and they end with it.
import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'

/** `prepare` runs once, before the workers; `serve` in each of them. PROCESSES says another number of them. */
export async function workers(port, prepare, serve) {
  const count = Number(process.env.PROCESSES) || availableParallelism()
  if (cluster.isWorker) return serve()
  await prepare()
  let listening = 0
  cluster.on('listening', () => {
    listening += 1
    if (listening === count) console.log(`ready http://127.0.0.1:${port}`)
  })
  const end = (status) => {
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGKILL')
    process.exit(status)
  }
  cluster.on('exit', () => end(1))
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => end(0))
  for (let started = 0; started < count; started += 1) cluster.fork()
}
