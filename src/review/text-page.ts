const NARROWEST = 72

// Everything that could move the cursor, reorder the line or stand there unseen.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu

/** Text from outside as it may appear in a terminal: control, format and half characters become visible escapes. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (char) => `\\u{${(char.codePointAt(0) as number).toString(16)}}`)
}

/** A page of plain text of a fixed width. Words are kept whole where they fit; hashes and addresses always do. */
export class TextPage {
  readonly width: number
  readonly #lines: string[] = []

  /** `width` in columns; narrower than 72 is taken as 72, so that a hash fits on its line. */
  constructor(width: number) {
    this.width = Math.max(NARROWEST, Math.floor(width))
  }

  heading(text: string): void {
    if (this.#lines.length > 0) this.#lines.push('')
    this.#lines.push(text)
  }

  /** A paragraph; further lines are indented by two columns more. */
  text(text: string, indent = 2): void {
    const words = visible(text).split(' ')
    let line = ' '.repeat(indent)
    let empty = true
    for (const word of words) {
      const separator = empty ? '' : ' '
      if (!empty && columns(line) + 1 + columns(word) > this.width) {
        this.#lines.push(line)
        line = ' '.repeat(indent + 2) + this.#broken(word, indent + 2)
      } else {
        line += separator + this.#broken(word, indent + 2)
      }
      empty = false
    }
    this.#lines.push(...line.split('\n'))
  }

  /** A label and its value, the value on its own line when both do not fit on one. */
  field(label: string, value: string, indent = 2): void {
    const start = `${' '.repeat(indent)}${label.padEnd(12)}  `
    if (columns(start) + columns(visible(value)) <= this.width) {
      this.#lines.push(start + visible(value))
      return
    }
    this.text(label, indent)
    this.text(value, indent + 2)
  }

  /** Foreign text line by line, each marked, so that it cannot pass for a line of the review. */
  quoted(text: string): void {
    for (const line of text.split(/\r\n|\n/)) {
      const rest = [...visible(line)]
      do this.#lines.push(`  | ${rest.splice(0, this.width - 4).join('')}`)
      while (rest.length > 0)
    }
  }

  toString(): string {
    return `${this.#lines.flatMap((line) => line.split('\n')).join('\n')}\n`
  }

  // Only what no line can hold is cut, such as long raw calldata.
  #broken(word: string, indent: number): string {
    const size = this.width - indent
    const chars = [...word]
    if (chars.length <= size) return word
    const parts: string[] = []
    for (let i = 0; i < chars.length; i += size) parts.push(chars.slice(i, i + size).join(''))
    return `\n${parts.map((part) => ' '.repeat(indent) + part).join('\n')}`
  }
}

const columns = (text: string): number => [...text.slice(text.lastIndexOf('\n') + 1)].length
