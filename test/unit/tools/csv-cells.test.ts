import assert from 'node:assert/strict'
import { test } from 'node:test'
import { csvCells } from '../../../src/tools/csv-cells.ts'

test('cells are told apart by commas, but for those in quotes', () => {
  for (const [line, cells] of [
    ['a,b', ['a', 'b']],
    ['', ['']],
    ['a,,', ['a', '', '']],
    ['"a,b",c', ['a,b', 'c']],
    ['"say ""so""","",1', ['say "so"', '', '1']],
    ['"open', ['open']],
  ] as const) {
    assert.deepEqual(csvCells(line), cells, line)
  }
})
