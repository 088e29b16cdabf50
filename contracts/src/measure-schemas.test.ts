import { measureColumns, measureSchemasSchema, numericMeasures } from './measure-schemas.ts';

const type = (measures: object, more: object = {}) => ({ measures, ...more });
const number = { type: 'number' };

function problemsOf(schemas: object): string[] {
  const parsed = measureSchemasSchema.safeParse(schemas);
  return (parsed.error?.issues ?? []).map(({ message, path }) => `${path.join('.')}: ${message}`);
}

test('measures of all types are columns once, in order, numbers as doubles', () => {
  const schemas = measureSchemasSchema.parse({
    pump: type({ rpm: { type: 'integer' }, open: { type: 'boolean' } }),
    valve: type({ open: { type: 'boolean' }, note: { type: 'text' } }),
  });
  expect(measureColumns(schemas)).toEqual([
    { name: 'note', type: 'string' },
    { name: 'open', type: 'boolean' },
    { name: 'rpm', type: 'double' },
  ]);
  expect(numericMeasures(schemas)).toEqual(['rpm']);
  expect(schemas.pump).toMatchObject({ unknown: 'accept', measures: { rpm: { required: false } } });
});

test.each([
  ['nothing', type({}), 'must name at least one measure'],
  ['a name that no sample may have', type({ 'a-b': number }), 'must be 1 to 64 letters'],
  ['a name of the store itself', type({ boot_id: number }), 'is reserved'],
  ['a column of the lake', type({ Received_At: number }), 'is a column of the lake itself'],
  ['a partition key of the lake', type({ hour: number }), 'is a column of the lake itself'],
  ['a range of text', type({ a: { type: 'text', max: 5 } }), 'a range is for numbers only'],
  ['an empty range', type({ a: { type: 'number', min: 5, max: 4 } }), 'must be at most max'],
  ['two spellings', type({ a: number, A: number }), 'is spelled a by another device type'],
])('%s is refused', (_name, schema, problem) => {
  expect(JSON.stringify(problemsOf({ pump: schema }).concat(messagesOfKeys(schema)))).toContain(problem);
});

test('one name has one type throughout, because all device types share a table', () => {
  const schemas = { pump: type({ state: number }), valve: type({ state: { type: 'text' } }) };
  expect(problemsOf(schemas)).toEqual(['valve.measures.state: is a number of another device type']);
  expect(problemsOf({ pump: type({ n: number }), valve: type({ n: { type: 'integer' } }) })).toEqual([]);
});

test('there are no more numbers than fit into one roll-up', () => {
  const many = Object.fromEntries(Array.from({ length: 61 }, (_, n) => [`m${n}`, number]));
  expect(problemsOf({ pump: type(many) })).toEqual([': must name at most 60 numbers in all']);
});

/** What is wrong with a key stands one level below. */
function messagesOfKeys(schema: object): string[] {
  const issues = measureSchemasSchema.safeParse({ pump: schema }).error?.issues ?? [];
  return issues.flatMap((issue) => (issue.code === 'invalid_key' ? issue.issues.map(({ message }) => message) : []));
}
