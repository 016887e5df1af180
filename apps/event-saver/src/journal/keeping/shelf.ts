import type { SegmentName } from '../files/file-names.ts'

/** A segment whose file does not grow any more. */
export interface ShelvedSegment {
  readonly name: SegmentName
  readonly bytes: number
  /** When everything in it was known to be committed, in epoch milliseconds; null while it is not. */
  readonly releasedMs: number | null
  /** Whether it was tried to be packed, and cannot be. */
  readonly isUnpackable: boolean
}

/** The segments on the disk, but for the one that grows, and which of them are needed. Those in the archive are none of them. */
export class Shelf {
  readonly #segments = new Map<number, ShelvedSegment>()
  /** Segments of lower numbers are released. */
  #released = 0

  /** Adds a segment, or what is new about it. */
  put(name: SegmentName, bytes: number, nowMs: number): void {
    const { releasedMs = null, isUnpackable = false } = this.#segments.get(name.number) ?? {}
    this.#segments.set(name.number, {
      name,
      bytes,
      releasedMs: releasedMs ?? (name.number < this.#released ? nowMs : null),
      isUnpackable,
    })
  }

  /** A segment was written again, of another size. */
  resize(number: number, bytes: number): void {
    const segment = this.#segments.get(number)
    if (segment !== undefined) this.#segments.set(number, { ...segment, bytes })
  }

  remove(number: number): void {
    this.#segments.delete(number)
  }

  leaveUnpacked(number: number): void {
    const segment = this.#segments.get(number)
    if (segment !== undefined) this.#segments.set(number, { ...segment, isUnpackable: true })
  }

  /** Releases the segments of lower numbers; tells whether any is new. */
  release(before: number, nowMs: number): boolean {
    if (before <= this.#released) return false
    this.#released = before
    for (const [number, segment] of this.#segments) {
      if (number >= before || segment.releasedMs !== null) continue
      this.#segments.set(number, { ...segment, releasedMs: nowMs })
    }
    return true
  }

  /** Segments of lower numbers are released. */
  get released(): number {
    return this.#released
  }

  /** Bytes of the segments that are not released. */
  get heldBytes(): number {
    return sum(this.#all().filter(({ releasedMs }) => releasedMs === null))
  }

  get totalBytes(): number {
    return sum(this.#all())
  }

  /** The lowest number; null for none. */
  get oldest(): number | null {
    return this.#all()[0]?.name.number ?? null
  }

  /** The released segments of lower numbers than a number, oldest first. */
  releasedBefore(number: number): readonly ShelvedSegment[] {
    return this.#all().filter(({ name, releasedMs }) => name.number < number && releasedMs !== null)
  }

  /** The oldest segment that may be packed; null for none. */
  nextToPack(): ShelvedSegment | null {
    const isRaw = ({ name, isUnpackable }: ShelvedSegment) => name.form === 'log' && !isUnpackable
    return this.#all().find(isRaw) ?? null
  }

  #all(): ShelvedSegment[] {
    return [...this.#segments.values()].sort((a, b) => a.name.number - b.name.number)
  }
}

function sum(segments: readonly ShelvedSegment[]): number {
  return segments.reduce((bytes, segment) => bytes + segment.bytes, 0)
}
