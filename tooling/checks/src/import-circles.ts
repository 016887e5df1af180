import type { Finding } from './finding.ts'
import { describeImport, type Import } from './imports.ts'

/**
 * Finds the files that import each other in a circle. Files that cannot be told apart by their circles
 * are one finding, which shows the shortest circle among them.
 */
export function findCircles(imports: readonly Import[]): Finding[] {
  const outgoing = Map.groupBy(imports, ({ from }) => from)
  const reach = new Map([...outgoing.keys()].map((file) => [file, reachable(outgoing, file)]))
  const inCircle = [...outgoing.keys()].filter((file) => reach.get(file)?.has(file)).sort()
  const tangles = Map.groupBy(inCircle, (file) =>
    inCircle.find((other) => reach.get(other)?.has(file) && reach.get(file)?.has(other)),
  )
  return [...tangles.values()].map((files) => {
    const circles = files.map((file) => shortestWay(outgoing, file, file))
    const [shortest = []] = circles.sort((a, b) => a.length - b.length)
    const among = files.length > shortest.length ? `, one among ${files.length} files` : ''
    return {
      key: `circle ${files.join(' ')}`,
      message: [`import circle${among}:`, ...shortest.map(describeImport)].join('\n    '),
    }
  })
}

type Outgoing = ReadonlyMap<string, readonly Import[]>

function reachable(outgoing: Outgoing, start: string): Set<string> {
  const seen = new Set<string>()
  const waiting = [start]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    for (const { to } of outgoing.get(file) ?? []) {
      if (seen.has(to)) continue
      seen.add(to)
      waiting.push(to)
    }
  }
  return seen
}

function shortestWay(outgoing: Outgoing, start: string, end: string): Import[] {
  let ways: Import[][] = (outgoing.get(start) ?? []).map((first) => [first])
  const seen = new Set<string>()
  while (ways.length > 0) {
    const next: Import[][] = []
    for (const way of ways) {
      const at = way.at(-1)?.to ?? ''
      if (at === end) return way
      if (seen.has(at)) continue
      seen.add(at)
      for (const step of outgoing.get(at) ?? []) next.push([...way, step])
    }
    ways = next
  }
  return []
}
