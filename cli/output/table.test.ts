import { formatCsv, formatTable } from './table.ts';

const table = {
  columns: ['thing', 'value'],
  rows: [
    ['pump, 1', '1.5'],
    ['say "hi"', '12'],
    [null, null],
  ],
};

test('a table aligns text left and numbers right, and shows NULL as a dash', () => {
  expect(formatTable(table)).toBe(
    ['thing     value', '────────  ─────', 'pump, 1     1.5', 'say "hi"     12', '-             -'].join('\n'),
  );
});

test('CSV quotes what RFC 4180 asks to be quoted', () => {
  expect(formatCsv(table)).toBe('thing,value\r\n"pump, 1",1.5\r\n"say ""hi""",12\r\n,');
});
