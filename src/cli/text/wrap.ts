/** Wraps at spaces; a word longer than the width, such as a hash, stays whole. */
export function wrap(text: string, width: number, indent = ''): string {
  return text
    .split('\n')
    .map((paragraph) => wrapLine(paragraph, width, indent))
    .join('\n')
}

function wrapLine(text: string, width: number, indent: string): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  lines.push(indent + line)
  return lines.join('\n')
}

/** Two columns: names padded to the longest, values wrapped beside them. */
export function fields(rows: readonly (readonly [string, string])[], width: number, indent = '  '): string {
  const column = Math.max(...rows.map(([name]) => name.length)) + 2
  return rows
    .map(([name, value]) => {
      const hang = ' '.repeat(indent.length + column)
      return indent + name.padEnd(column) + wrap(value, width, hang).slice(hang.length)
    })
    .join('\n')
}

/** A table whose columns are as wide as their longest cell; a last cell that does not fit is wrapped, or goes below. */
export function table(header: readonly string[], rows: readonly (readonly string[])[], width = 80): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)))
  const line = (cells: readonly string[]): string => {
    const plain = cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
    if (plain.length <= width) return plain
    const first = cells
      .slice(0, -1)
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
    const hang = first.length + 2 + 20 <= width ? first.length + 2 : 4
    const last = wrap(cells.at(-1) ?? '', width, ' '.repeat(hang))
    return hang === 4 ? `${first.trimEnd()}\n${last}` : `${first}  ${last.slice(hang)}`
  }
  return [line(header), ...rows.map(line)].join('\n')
}
