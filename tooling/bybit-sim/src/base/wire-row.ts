/** A row of a private message or of a REST page, ready to be written as JSON. */
export type WireRow = Readonly<Record<string, unknown>>
