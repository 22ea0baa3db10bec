import { EXIT, ServiceError } from '../../domain/errors.ts'
import { nameOf } from './place.ts'
import type { Place } from './queue.ts'
import type { Workbench } from './workbench.ts'

/** Deletes the records of one partition up to a letter, that included. @returns the exit status */
export async function purge(
  bench: Workbench,
  { place, yes, json }: { readonly place: Place; readonly yes: boolean; readonly json: boolean },
): Promise<number> {
  const queue = await bench.queue()
  const end = queue.bounds(place.partition)?.end ?? 0
  if (place.offset >= end) {
    const message = `partition ${place.partition} ends at offset ${end}, so there is no ${place.offset}`
    throw new ServiceError('CONFIG_INVALID', message)
  }
  const counts = { waiting: 0, replayed: 0, markers: 0, others: 0 }
  let firstWaiting: string | undefined
  for await (const entry of queue.entries(place)) {
    const queued = queue.queued(entry)
    if (entry.kind === 'replayed') counts.markers += 1
    else if (queued === undefined) counts.others += 1
    else if (queued.isReplayed) counts.replayed += 1
    else {
      counts.waiting += 1
      firstWaiting ??= nameOf(queued.letter)
    }
  }
  const { waiting, replayed, markers, others } = counts
  bench.note(
    `of partition ${place.partition} of "${bench.deadLetterTopic}" up to offset ${place.offset}:\n` +
      `  ${waiting} dead letters that wait${firstWaiting === undefined ? '' : `, the first ${firstWaiting}`}\n` +
      `  ${replayed} that were replayed, and the records of ${markers} replays\n` +
      `  ${others} records of other applications or systems\n`,
  )
  const isAgreed = yes || (await bench.confirm('delete them for good? yes/no: '))
  if (isAgreed !== true) {
    const hint = isAgreed === undefined ? '; nobody is there to ask: --yes agrees beforehand' : ''
    bench.note(`nothing was deleted${hint}\n`)
    return EXIT.incomplete
  }
  await bench.deleteThrough(place)
  bench.print(json ? `${JSON.stringify(counts)}\n` : 'deleted\n')
  return EXIT.ok
}
