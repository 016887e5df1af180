import { posix } from 'node:path'
import type { Finding } from './finding.ts'
import { describeImport, type Import } from './imports.ts'

/** The order of the folders of one package, as the documentation states it. */
interface Order {
  /** e.g. `packages/db/src` */
  readonly folder: string
  /** The floor of each folder and file named, by its path; 0 is the top. */
  readonly floors: ReadonlyMap<string, number>
}

const BLOCK = /^```folders (\S+)\n([\s\S]*?)^```$/gm

/**
 * Reads the blocks of a document that state an order of folders:
 *
 * ````
 * ```folders packages/db/src
 * index.ts           # imports what is below
 * insert  read       # side by side: neither imports the other
 * schema
 * ```
 * ````
 *
 * A line names folders and files. What it does not name belongs to the nearest folder above that is named;
 * `.` is the folder of sources itself.
 */
export function readOrders(document: string): Order[] {
  return [...document.matchAll(BLOCK)].map(([, folder = '', block = '']) => {
    const lines = block.split('\n').map((line) => line.replace(/#.*/, '').trim())
    const floors = lines
      .filter((line) => line !== '')
      .flatMap((line, floor) =>
        line.split(/\s+/).map((name): [string, number] => [posix.join(folder, name), floor]),
      )
    return { folder, floors: new Map(floors) }
  })
}

/** Holds the files and their imports against the orders. */
export function checkOrders(
  orders: readonly Order[],
  files: readonly string[],
  imports: readonly Import[],
): Finding[] {
  return [...folderless(orders, files), ...orders.flatMap((order) => check(order, files, imports))]
}

/** Folders of sources that have folders but no order. */
function folderless(orders: readonly Order[], files: readonly string[]): Finding[] {
  const nested = files.flatMap((file) => /^(\w+\/[\w-]+\/src)\/.+\//.exec(file)?.[1] ?? [])
  return [...new Set(nested)]
    .filter((folder) => !orders.some((order) => order.folder === folder))
    .map((folder) => ({
      key: `order ${folder}`,
      message: `docs/architecture.md states no order of the folders of ${folder}`,
    }))
}

function check(
  { folder, floors }: Order,
  files: readonly string[],
  imports: readonly Import[],
): Finding[] {
  const ours = files.filter((file) => file.startsWith(`${folder}/`))
  const places = new Map(ours.map((file) => [file, placeOf(file, floors)]))
  const findings: Finding[] = []
  const placeless = ours.filter((file) => places.get(file) === null)
  for (const [lone, inside] of Map.groupBy(placeless, (file) => posix.dirname(file))) {
    const names = inside.map((file) => posix.basename(file)).join(', ')
    const message = `${lone} has no place in the order of docs/architecture.md (${names})`
    findings.push({ key: `place ${lone}`, message })
  }
  const used = new Set(places.values())
  for (const name of floors.keys()) {
    if (used.has(name)) continue
    const message = `${name} has a place in the order of docs/architecture.md, but no files`
    findings.push({ key: `place ${name}`, message })
  }
  return [...findings, ...upwardArrows(imports, places, floors)]
}

/** Imports that do not point down, by the two places that they join. */
function upwardArrows(
  imports: readonly Import[],
  places: ReadonlyMap<string, string | null>,
  floors: ReadonlyMap<string, number>,
): Finding[] {
  const arrows = Map.groupBy(imports, (one) => {
    const [from, to] = [places.get(one.from), places.get(one.to)]
    if (!from || !to || from === to) return null
    return (floors.get(from) ?? 0) < (floors.get(to) ?? 0) ? null : `${from} ${to}`
  })
  return [...arrows].flatMap(([joined, against]) => {
    if (joined === null) return []
    const [from = '', to = ''] = joined.split(' ')
    const side = floors.get(from) === floors.get(to) ? 'beside' : 'above'
    const head = `${from} imports ${to}, which stands ${side} it in docs/architecture.md:`
    return [
      { key: `arrow ${joined}`, message: [head, ...against.map(describeImport)].join('\n    ') },
    ]
  })
}

/** The most exact name in the order that a file falls under. */
function placeOf(file: string, floors: ReadonlyMap<string, number>): string | null {
  for (let name = file; name !== '.'; name = posix.dirname(name)) {
    if (floors.has(name)) return name
  }
  return null
}
