import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'

const START = `const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })`

/** Runs a script that starts a child which never ends, until it has printed the child's number. */
async function parentOf(script: string) {
  const text = `import { spawn } from 'node:child_process'
    import { endWithThisProcess } from '@grid/testing'
    ${START}
    ${script}`
  const flags = ['--conditions=@grid/source', '--input-type=module-typescript', '-e', text]
  const parent = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [printed] = await once(parent.stdout, 'data')
  return { parent, pid: Number(printed) }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

it('ends a child with the process that started it, even when that is killed', async () => {
  const { parent, pid } = await parentOf(`endWithThisProcess(child)
    process.stdout.write(String(child.pid))`)
  expect(isAlive(pid)).toBe(true)
  parent.kill('SIGKILL')
  await expect.poll(() => isAlive(pid)).toBe(false)
})

it('keeps no process alive whose child has ended', async () => {
  const { parent } = await parentOf(`endWithThisProcess(child)
    process.stdout.write(String(child.pid))
    child.kill('SIGKILL')`)
  expect(await once(parent, 'exit')).toEqual([0, null])
})
