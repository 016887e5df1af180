import { classifyDatabaseError } from '@grid/db'
import { isDurable } from '../journal/durable-journal.ts'
import type { PipelineOptions } from './pipeline-options.ts'
import { isElsewhere } from './recovery/positions.ts'
import { BufferedWriter } from './writers/buffered-writer.ts'
import { LastingRefusal } from './writers/lasting-refusal.ts'
import { tellingSlow } from './writers/slow-writes.ts'
import type { WriterFactory } from './writers/writer-factory.ts'

/**
 * Most bytes that may wait in one queue, so that large items cannot fill the memory. Less where what finds no room is
 * in the journal.
 */
const MAX_WAITING_BYTES = { disk: 12 * 1024 * 1024, memory: 32 * 1024 * 1024 }

/** Makes what makes a pipeline's writers, all with the same bounds; `afterItems` is told that some items wait no longer. */
export function makeWriters(options: PipelineOptions, afterItems: () => void): WriterFactory {
  const { batchSize, clock, flushIntervalMs, handlers, journal, onDefect, onRefused } = options
  const maxBytes = MAX_WAITING_BYTES[isDurable(journal) ? 'disk' : 'memory']
  return (name, part, maxWaiting = options.maxWaiting) => {
    const refusal = new LastingRefusal(clock, (error) => onRefused?.(name, error))
    return new BufferedWriter(
      {
        ...part,
        store: (items, arrivals) =>
          tellingSlow(
            clock,
            () => part.store(items, arrivals),
            (ms, isOver) => handlers.onSlow(name, items.length, ms, isOver),
          ),
        settle: (items, outcome, arrivals) => {
          part.settle(items, outcome, arrivals)
          afterItems()
        },
        reject: (item, error, arrival) => {
          part.reject(item, error, arrival)
          afterItems()
        },
        classify: (error) => (isElsewhere(error) ? 'transient' : classifyDatabaseError(error)),
        onRetry: (error, failures) => {
          handlers.onRetry(name, error, failures)
          refusal.note(error, failures)
        },
        onDefect,
      },
      { batchSize, flushIntervalMs, maxWaiting, maxBytes, clock },
    )
  }
}
