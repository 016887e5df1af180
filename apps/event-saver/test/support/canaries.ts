/** The forms in which bytes may appear: plain, hexadecimal, base64 at any offset, or as a printed buffer. */
function formsOf(secret: Buffer): string[] {
  const hex = secret.toString('hex')
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), secret])
      .toString('base64')
      .replace(/=+$/, '')
    // The first and last characters depend on the bytes beside.
    return text.slice(Math.ceil((shift * 4) / 3), -2)
  })
  const spaced = hex.match(/../g)?.slice(0, 12).join(' ') ?? hex
  const numbers = [...secret.subarray(0, 12)].join(',')
  const forms = [secret.toString('latin1'), hex, hex.toUpperCase(), ...base64, spaced, numbers]
  return forms.flatMap((form) => [form, JSON.stringify(form).slice(1, -1)])
}

/** Searches texts for planted secrets, in all forms in which they may appear. */
export class Canaries {
  readonly #forms = new Map<string, readonly string[]>()

  /** Plants a secret, as text or as bytes. */
  plant(name: string, secret: string | Buffer): void {
    this.#forms.set(name, formsOf(Buffer.from(secret)))
  }

  /** Plants a key in PEM: every line, and the bytes that it encodes. */
  plantPem(name: string, pem: string): void {
    const lines = pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'))
    for (const [index, line] of lines.entries()) {
      // The first line is the same for all keys of one length.
      if (index > 0 && line.length > 16) this.plant(`${name}, line ${index + 1}`, line)
      if (index > 0 && line.length > 16) {
        this.plant(`${name}, bytes of line ${index + 1}`, Buffer.from(line, 'base64'))
      }
    }
  }

  get size(): number {
    return this.#forms.size
  }

  /** Every secret that a place shows, as `secret in place`. */
  seenIn(places: Readonly<Record<string, string>>): string[] {
    return Object.entries(places).flatMap(([place, text]) => {
      // Printed buffers span several lines.
      const flat = text.replace(/,\s+/g, ',').replace(/\n\s+/g, ' ')
      return [...this.#forms].flatMap(([name, forms]) =>
        forms.some((form) => text.includes(form) || flat.includes(form))
          ? [`${name} in ${place}`]
          : [],
      )
    })
  }
}
