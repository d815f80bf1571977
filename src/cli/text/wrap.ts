/** Wraps at spaces; a word longer than the width, such as a hash, stays whole. */
export function wrap(text: string, width: number, indent = ''): string {
  return text.split('\n').map((paragraph) => wrapLine(paragraph, width, indent)).join('\n')
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
  return rows.map(([name, value]) => {
    const hang = ' '.repeat(indent.length + column)
    return indent + name.padEnd(column) + wrap(value, width, hang).slice(hang.length)
  }).join('\n')
}

/** A table whose columns are as wide as their longest cell. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)))
  const line = (cells: readonly string[]): string => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()
  return [line(header), ...rows.map(line)].join('\n')
}
