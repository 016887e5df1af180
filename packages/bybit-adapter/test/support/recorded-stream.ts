import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import {
  type BybitPublicStream,
  type ConnectionCheckpoint,
  FrameReplayer,
  type NormalizeResult,
  type PublicCategory,
  type ReplayedFrame,
  type StreamControl,
} from '../../src/index.ts'

/** What a journal keeps of a stream, and what the stream made of it. */
interface Entry {
  readonly kept: ReplayedFrame | StreamControl
  /** Null for a record that causes nothing. */
  result: NormalizeResult | null
}

/** Keeps what a stream gives out as a journal would, to be read again. */
export class RecordedStream {
  readonly entries: Entry[] = []
  /** The checkpoints that were taken, as a journal writes them, by the entry that follows. */
  readonly checkpoints: Map<number, string> = new Map()
  readonly #stream: BybitPublicStream
  readonly #category: PublicCategory
  readonly #everyNth: number

  /** @param everyNth a checkpoint is taken before every n-th entry */
  constructor(stream: BybitPublicStream, category: PublicCategory, everyNth: number) {
    this.#stream = stream
    this.#category = category
    this.#everyNth = everyNth
    stream.on('frame', ({ bytes, localTsUs, connection, isBinary }) => {
      // A copy, and no more of a frame than a journal has.
      const kept = { bytes: Buffer.from(bytes), localTsUs, connection }
      this.#keep(isBinary === true ? { ...kept, isBinary } : kept)
    })
    stream.on('control', (control) =>
      this.#keep(JSON.parse(JSON.stringify(control)) as StreamControl),
    )
    stream.on('normalized', ({ events, deadLetters, discarded }) => {
      const entry = this.entries.at(-1)
      // Exactly one entry comes before each result.
      expect(entry?.result).toBeNull()
      if (entry !== undefined) entry.result = { events, deadLetters, discarded }
    })
  }

  /** The control records of a type. */
  controls<Type extends StreamControl['type']>(
    type: Type,
  ): Extract<StreamControl, { readonly type: Type }>[] {
    return this.entries
      .map(({ kept }) => kept)
      .filter(
        (kept): kept is Extract<StreamControl, { readonly type: Type }> =>
          'type' in kept && kept.type === type,
      )
  }

  /** Reads everything again, from the start and from each checkpoint, and expects the same. */
  expectSame(): void {
    this.#expectSameFrom(0, [])
    for (const [at, text] of this.checkpoints) {
      this.#expectSameFrom(at, JSON.parse(text) as ConnectionCheckpoint[])
    }
  }

  #keep(kept: Entry['kept']): void {
    const at = this.entries.length
    if (at % this.#everyNth === 0) {
      this.checkpoints.set(at, JSON.stringify(this.#stream.checkpoint()))
    }
    this.entries.push({ kept, result: null })
  }

  /** What is remembered must be the same at each checkpoint, even where no frame shows it later. */
  #expectMemory(at: number, replayer: FrameReplayer): void {
    const text = this.checkpoints.get(at)
    const kept = this.entries[at]?.kept
    // In the one step in which a link has two numbers, its memory stands in two forms.
    if (text === undefined || (kept !== undefined && 'type' in kept && kept.type === 'ended'))
      return
    const again: unknown = JSON.parse(JSON.stringify(replayer.checkpoint()))
    if (isDeepStrictEqual(again, JSON.parse(text))) return
    expect(again, `checkpoint before entry ${at}`).toEqual(JSON.parse(text))
  }

  #expectSameFrom(from: number, checkpoints: readonly ConnectionCheckpoint[]): void {
    const replayer = new FrameReplayer({ category: this.#category })
    for (const checkpoint of checkpoints) replayer.restore(checkpoint)
    for (const [index, { kept, result }] of this.entries.slice(from).entries()) {
      this.#expectMemory(from + index, replayer)
      const again = 'type' in kept ? replayer.control(kept) : replayer.normalize(kept)
      if (isDeepStrictEqual(again, result)) continue
      expect(again, `entry ${from + index}, read again from ${from}`).toEqual(result)
    }
    // Nothing is kept of connections that are gone.
    expect(replayer.checkpoint()).toEqual(this.#stream.checkpoint())
  }
}
