import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findChannelNames } from './channel-names.ts'
import type { Finding } from './finding.ts'
import { checkOrders, readOrders } from './folder-order.ts'
import { findFullFolders } from './folder-size.ts'
import { findCircles } from './import-circles.ts'
import { importsOf } from './imports.ts'
import { readSources } from './source-files.ts'

/**
 * Holds the sources below a root against the rules of the layout, and returns what is wrong, a message
 * each. `exceptions` are the keys of findings that are allowed; one that is not found is a fault as well.
 *
 * @example
 * checkLayout(root, EXCEPTIONS).forEach((message) => console.error(message))
 */
export function checkLayout(root: string, exceptions: readonly string[] = []): string[] {
  const sources = readSources(root)
  const files = [...sources.keys()]
  const imports = importsOf(sources)
  const orders = readOrders(readFileSync(join(root, 'docs/architecture.md'), 'utf8'))
  const findings: Finding[] = [
    ...findCircles(imports),
    ...checkOrders(orders, files, imports),
    ...findFullFolders(files),
    ...findChannelNames(sources.values()),
  ]
  const found = new Set(findings.map(({ key }) => key))
  return [
    ...findings
      .filter(({ key }) => !exceptions.includes(key))
      .map(({ key, message }) => `${message}\n    (key: ${key})`),
    ...exceptions
      .filter((key) => !found.has(key))
      .map((key) => `tooling/checks/src/exceptions.ts allows what is no longer there: ${key}`),
  ]
}
