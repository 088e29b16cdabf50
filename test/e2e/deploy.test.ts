import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type EditableTemplate, editedAssembly, resourcesOf, synthesizedAssembly } from '../support/assembly.ts';
import { endCommands, fleetwright } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { startTestPlatform, temporaryDirectory } from '../support/platform.ts';

let directory: string;
let assembly: string;
beforeAll(async () => {
  directory = temporaryDirectory();
  assembly = await synthesizedAssembly(directory);
}, 60_000);
afterAll(async () => {
  await endCommands();
  rmSync(directory, { recursive: true, force: true });
});

const FREE_PORTS = ['--port', '0', '--mqtt-port', '0'];

/** Statements of a policy resource, for tests that take one away. */
function statements(template: EditableTemplate, logicalId: string): { Action: string | string[] }[] {
  const document = template.Resources[logicalId]?.Properties.PolicyDocument as {
    Statement: { Action: string | string[] }[];
  };
  return document.Statement;
}

test('a second deploy applies the difference and keeps every stateful resource and its data', async () => {
  const state = join(directory, 'second-deploy');
  const first = await startTestPlatform({ directory: state, assembly, keepDirectory: true });
  const device = first.device('DEP-0001');
  await device.start();
  device.publish('telemetry', { time: Date.now(), values: { v: 1 } });
  await device.flush();
  await eventually('the row', async () => (await first.ledger.telemetryRows()) === 1);
  await first.stop();

  const changed = editedAssembly(assembly, 'changed', 'telemetry', (template) => {
    for (const id of resourcesOf(template, 'AWS::Lambda::Function')) {
      Object.assign(template.Resources[id]?.Properties as object, { Timeout: 42, Description: 'changed' });
    }
    for (const id of resourcesOf(template, 'AWS::CloudWatch::Alarm')) delete template.Resources[id];
    template.Resources.Added = { Type: 'AWS::SQS::Queue', Properties: { MessageRetentionPeriod: 600 } };
  });
  const steps: string[] = [];
  const command = fleetwright('cloud', '--assembly', changed, '--data-dir', join(state, 'data'), ...FREE_PORTS);
  await command.printed('deployed');
  command.interrupt();
  const { exitCode, stderr } = await command.result;
  expect(exitCode).toBe(0);
  for (const line of stderr.split('\n')) {
    const step = /(create|update|replace|delete|retain|record) \S+ \((\S+)\)/.exec(line);
    if (step !== null) steps.push(`${step[1]} ${step[2]}`);
  }
  expect(new Set(steps)).toEqual(
    new Set(['update AWS::Lambda::Function', 'create AWS::SQS::Queue', 'delete AWS::CloudWatch::Alarm']),
  );

  const second = await startTestPlatform({ directory: state, assembly: changed });
  expect(await second.ledger.telemetryRows()).toBe(1);
  const again = second.device('DEP-0001');
  await again.start();
  again.publish('telemetry', { time: Date.now(), values: { v: 2 } });
  await again.flush();
  await eventually('the second row', async () => (await second.ledger.telemetryRows()) === 2);
  await second.stop();
}, 120_000);

test('two stages live side by side in one account, each with its own devices and rows', async () => {
  const state = join(directory, 'two-stages');
  const dev = await startTestPlatform({ directory: state, assembly, keepDirectory: true });
  await dev.stop();
  const prodAssembly = await synthesizedAssembly(directory, 'prod.out', 'prod');
  const prod = await startTestPlatform({ directory: state, assembly: prodAssembly });
  expect(prod.outputs.TopicRoot).toBe('fleetwright-prod');
  expect(prod.description.stacks.map(({ stackName }) => stackName).sort()).toEqual(
    ['dev', 'prod'].flatMap((stage) =>
      ['identity', 'observability', 'ota', 'security', 'telemetry', 'twin'].map(
        (stack) => `fleetwright-${stage}-${stack}`,
      ),
    ),
  );
  // Production admits only serial numbers on its list.
  await expect(prod.device('PROD-0001').start()).rejects.toMatchObject({ code: 'PROVISIONING_REFUSED' });
  await prod.stop();
}, 90_000);

test('an ingest role without timestream:WriteRecords fails loudly, naming role, action and resource', async () => {
  const crippled = editedAssembly(assembly, 'crippled', 'telemetry', (template) => {
    let removed = 0;
    for (const id of resourcesOf(template, 'AWS::IAM::Policy').filter((name) => name.startsWith('Ingest'))) {
      for (const statement of statements(template, id)) {
        const actions = [statement.Action].flat();
        if (!actions.includes('timestream:WriteRecords')) continue;
        removed++;
        const left = actions.filter((action) => action !== 'timestream:WriteRecords');
        statement.Action = left.length > 0 ? left : 'timestream:DescribeEndpoints';
      }
    }
    if (removed === 0) throw new Error('no statement of the ingest role allows timestream:WriteRecords');
  });
  const run = fleetwright(
    ...['start', '--once', '--devices', '1', '--seconds', '2', '--settle', '10', '--json', '--assembly', crippled],
    ...['--data-dir', join(directory, 'crippled-data'), ...FREE_PORTS],
  );
  const { exitCode, stderr } = await run.result;
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(
    /assumed-role\/\S*Ingest\S* is not authorized to perform: timestream:WriteRecords on resource: arn:aws:timestream:\S+table\/telemetry/,
  );
  expect(stderr).toMatch(/acknowledged samples are neither stored nor in a dead-letter queue/);
}, 180_000);

test.each<[string, (template: EditableTemplate) => void, RegExp]>([
  [
    'a rule with a syntax error',
    (template) => {
      const [id] = resourcesOf(template, 'AWS::IoT::TopicRule');
      const payload = template.Resources[id as string]?.Properties.TopicRulePayload as { Sql: string };
      payload.Sql = "SELECT * FRM 'a/b'";
    },
    /AWS::IoT::TopicRule.*(line 1|position|1:10)/s,
  ],
  [
    'an unknown resource type',
    (template) => {
      template.Resources.Strange = { Type: 'AWS::Strange::Thing', Properties: {} };
    },
    /AWS::Strange::Thing is not known to the local cloud \(Strange in .*telemetry\.template\.json\)/,
  ],
  [
    'a dangling reference',
    (template) => {
      template.Resources.Dangling = { Type: 'AWS::SQS::Queue', Properties: { QueueName: { Ref: 'Nobody' } } };
    },
    /'Nobody' is referred to but not in the template \(Resources\.Dangling\.Properties\.QueueName/,
  ],
])(
  '%s is refused at start',
  async (name, edit, message) => {
    const bad = editedAssembly(assembly, name.replaceAll(' ', '-'), 'telemetry', edit);
    const { exitCode, stderr } = await fleetwright(
      ...['cloud', '--assembly', bad, '--data-dir', join(directory, name.replaceAll(' ', '-')), ...FREE_PORTS],
    ).result;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(message);
  },
  60_000,
);
