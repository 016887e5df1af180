import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ArchiveServer } from '../archive/archive-server.ts'
import type { RestServer } from '../rest/rest-server.ts'

/** Passes each request to REST or to the archive, which share a port. */
export function answerHttp(
  rest: RestServer,
  archive: ArchiveServer,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const url = URL.parse(`http://localhost${request.url}`)
  if (url === null) {
    response.writeHead(404).end()
    return
  }
  if (!/^\/(trading|spot)\//.test(url.pathname)) {
    rest.answer(request, response, url)
    return
  }
  // A client that leaves in the middle of a file is not an error.
  archive.answer(request, response, url.pathname).catch(() => response.destroy())
}
