import { onTestFinished } from 'vitest'
import type { PublicStreamOptions } from '../../src/index.ts'
import { HandServer } from './hand-server.ts'
import { WatchedStream } from './watched-stream.ts'

/** A server that ends with the test. */
export async function serve(port?: number): Promise<HandServer> {
  const server = await HandServer.start(port)
  onTestFinished(() => server.stop())
  return server
}

/** A stream that ends with the test. */
export function watch(url: string, options: Partial<PublicStreamOptions> = {}): WatchedStream {
  const watched = new WatchedStream(url, options)
  onTestFinished(() => watched.stream.close())
  return watched
}

/** Answers nothing. */
export const silent = (): void => {}
