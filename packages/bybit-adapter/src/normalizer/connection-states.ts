import type { FrameNormalizer } from './frame-normalizer.ts'
import type { ConnectionCheckpoint } from './stream-control.ts'

/** The normalizers of a stream's connections, as long as something of them may be needed. */
export class ConnectionStates {
  readonly #normalizers = new Map<number, FrameNormalizer>()

  get(connection: number): FrameNormalizer | undefined {
    return this.#normalizers.get(connection)
  }

  set(connection: number, normalizer: FrameNormalizer): void {
    this.#normalizers.set(connection, normalizer)
  }

  end(connection: number): void {
    this.#normalizers.delete(connection)
  }

  /** What all of them remember; what several share is in the first one's checkpoint alone. */
  checkpoint(): ConnectionCheckpoint[] {
    const entries = [...this.#normalizers]
    return entries.map(([connection, normalizer], at) => {
      const shared = entries.slice(0, at).find(([, other]) => normalizer.sharesWith(other))
      const state = normalizer.checkpoint(shared?.[1])
      return { connection, sharesWith: shared?.[0] ?? null, state }
    })
  }
}
