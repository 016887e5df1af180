/** What every item of the truth says of its production and its writes. */
export interface TruthItemBase {
  /** Epoch microseconds, taken before the first write. */
  readonly producedAtUs: number
  /** The connection number of every write, in order; a frame sent twice names its connection twice. */
  readonly sentTo: readonly number[]
}
