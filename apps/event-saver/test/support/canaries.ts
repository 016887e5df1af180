/** Forms in which bytes may be shown: in clear, in hexadecimal, in base64 at any offset, as a buffer. */
function formsOf(secret: Buffer): string[] {
  const hex = secret.toString('hex')
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), secret])
      .toString('base64')
      .replace(/=+$/, '')
    // The first and the last letters depend on what stands beside.
    return text.slice(Math.ceil((shift * 4) / 3), -2)
  })
  const spaced = hex.match(/../g)?.slice(0, 12).join(' ') ?? hex
  const numbers = [...secret.subarray(0, 12)].join(',')
  const forms = [secret.toString('latin1'), hex, hex.toUpperCase(), ...base64, spaced, numbers]
  return forms.flatMap((form) => [form, JSON.stringify(form).slice(1, -1)])
}

/** Looks for secrets that were planted, in all that can be seen. */
export class Canaries {
  readonly #forms = new Map<string, readonly string[]>()

  /** Plants a secret, as text or as bytes. */
  plant(name: string, secret: string | Buffer): void {
    this.#forms.set(name, formsOf(Buffer.from(secret)))
  }

  /** Plants a key in PEM: every line of it, and what the lines stand for. */
  plantPem(name: string, pem: string): void {
    const lines = pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'))
    for (const [index, line] of lines.entries()) {
      // The first line is that of every key of the same length.
      if (index > 0 && line.length > 16) this.plant(`${name}, line ${index + 1}`, line)
      if (index > 0 && line.length > 16) {
        this.plant(`${name}, bytes of line ${index + 1}`, Buffer.from(line, 'base64'))
      }
    }
  }

  get size(): number {
    return this.#forms.size
  }

  /** Where in the places which secret is shown. */
  seenIn(places: Readonly<Record<string, string>>): string[] {
    return Object.entries(places).flatMap(([place, text]) => {
      // As buffers are shown, over lines.
      const flat = text.replace(/,\s+/g, ',').replace(/\n\s+/g, ' ')
      return [...this.#forms].flatMap(([name, forms]) =>
        forms.some((form) => text.includes(form) || flat.includes(form))
          ? [`${name} in ${place}`]
          : [],
      )
    })
  }
}
