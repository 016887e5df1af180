import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from './workspace.ts'

const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/*.md', { cwd: root })]
/** A path from the root in code; `<name>` stands for what a reader chooses, and a build makes `dist`. */
const PATH = /`((?:packages|apps|tooling|docs)\/(?![^`]*\/dist\b)[^`\s<]+)`/g
const LINK = /\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g
const HEADING = /^#+ (.+)$/gm

const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-')
}

function hasAnchor(document: string, anchor: string): boolean {
  return [...read(document).matchAll(HEADING)].some(([, title = '']) => anchorOf(title) === anchor)
}

describe.each(DOCUMENTS)('%s', (document) => {
  it('names files and folders that exist', () => {
    const paths = [...read(document).matchAll(PATH)].map(([, path = '']) => path)
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })

  it('links to what exists', () => {
    const broken = [...read(document).matchAll(LINK)].filter(([, path = '', anchor]) => {
      const target = path === '' ? document : join(dirname(document), path)
      if (!existsSync(join(root, target))) return true
      return anchor !== undefined && !hasAnchor(target, anchor)
    })
    expect(broken.map(([link]) => link)).toEqual([])
  })
})
