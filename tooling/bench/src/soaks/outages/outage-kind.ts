import type { Scene } from '../support/scene.ts'

/** A way in which a database can fail a saver. */
export interface OutageKind {
  readonly name: string
  /** What it is, for a report. */
  readonly title: string
  /** Makes a folder for the server's files; the default is the temporary directory. Null: not possible here. */
  readonly serverParent?: (cleanUp: AsyncDisposableStack) => Promise<string | null>
  /** Prepares what the outage needs, before a saver runs. */
  readonly prepare?: (scene: Scene, cleanUp: AsyncDisposableStack) => Promise<void>
  /** Takes the database away, waits, and gives it back. */
  readonly run: (scene: Scene, outage: Outage) => Promise<void>
}

export interface Outage {
  readonly forMs: number
  readonly random: () => number
  /** Waits; savers may be killed meanwhile. */
  readonly wait: (ms: number) => Promise<void>
}
