/** The part of the package that the log uses: it comes without types. */
declare module 'pgpass' {
  /** Sets where warnings are written to, in place of stderr. */
  export function warnTo(stream: NodeJS.WritableStream): unknown
}
