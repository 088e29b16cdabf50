import type { SeedRequest } from './schema.ts';
import { type SeedPorts, seedTable } from './seed-table.ts';

const base = { RequestId: 'r', ResponseURL: 'https://example.com', StackId: 'arn:stack', LogicalResourceId: 'Row' };
const properties = { DatabaseName: 'fleet', TableName: 'telemetry', Measures: ['temperature'] };
const create: SeedRequest = { ...base, RequestType: 'Create', ResourceProperties: properties };

function world(answers: (boolean | Error)[]) {
  const did: string[] = [];
  const ports: SeedPorts = {
    now: () => 5,
    pause: async () => {},
    write: async (seed, time) => void did.push(`write ${seed.Measures.join()} ${time}`),
    async isThere() {
      const answer = answers.shift() ?? false;
      did.push('look');
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  return { did, ports };
}

const unknownColumn = Object.assign(new Error("Column 'temperature' does not exist"), { name: 'ValidationException' });

test('a row is written, and CloudFormation goes on when queries find it with all its columns', async () => {
  const { did, ports } = world([unknownColumn, unknownColumn, false, true]);
  expect(await seedTable(create, ports)).toEqual({ physicalResourceId: 'fleet/telemetry/seed' });
  expect(did).toEqual(['look', 'write temperature 5', 'look', 'look', 'look']);
});

test('a table that has rows with all columns is left alone', async () => {
  const { did, ports } = world([true]);
  await seedTable(create, ports);
  expect(did).toEqual(['look']);
});

test('a row that is never found fails the deploy, and so does whatever else goes wrong', async () => {
  await expect(seedTable(create, world([]).ports)).rejects.toThrow('is not found by queries');
  const denied = Object.assign(new Error('no'), { name: 'AccessDeniedException' });
  await expect(seedTable(create, world([denied]).ports)).rejects.toThrow('no');
});

test('a seed that is deleted leaves its row: the table forgets it by itself', async () => {
  const { did, ports } = world([]);
  const request: SeedRequest = { ...base, RequestType: 'Delete', PhysicalResourceId: 'x' };
  expect(await seedTable(request, ports)).toEqual({ physicalResourceId: 'x' });
  expect(did).toEqual([]);
});
