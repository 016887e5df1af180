import type { Channel } from '@grid/core-events'
import type { BufferedWriter, WriterTarget } from './buffered-writer.ts'

/** The writers of a pipeline: one for each channel, one for dead letters, one for gaps. */
export type WriterName = Channel | 'deadLetters' | 'gaps'

/** What differs between the writers of a pipeline. */
export type WriterPart<Item, Outcome> = Pick<
  WriterTarget<Item, Outcome>,
  'store' | 'settle' | 'reject' | 'ready'
>

/** Makes a writer with the sizes, times, error classes and reporting that all writers share. */
export type WriterFactory = <Item, Outcome>(
  name: WriterName,
  part: WriterPart<Item, Outcome>,
  maxWaiting?: number,
) => BufferedWriter<Item, Outcome>
