/** A row of a private message or of a REST page, as it is written. */
export type WireRow = Readonly<Record<string, unknown>>
