import { Command, InvalidArgumentError, Option } from 'commander';
import { registerEdgeCommands } from '../cli/edge/register-commands.ts';
import { Failure } from '../cli/failure.ts';
import { registerOtaCommands } from '../cli/ota/register-commands.ts';
import { DEFAULT_DATA_DIRECTORY } from '../cli/project-root.ts';

/** What a command needs is loaded when it runs: help, and a mistake, cost nothing of it. */
const later =
  <A extends unknown[]>(load: () => Promise<(...given: A) => unknown>) =>
  async (...given: A): Promise<void> => {
    await (await load())(...given);
  };

const whole =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}.`);
    }
    return value;
  };

const port = whole(0, 65_535);
const dataDir = () => new Option('--data-dir <dir>', 'state of the local cloud').default(DEFAULT_DATA_DIRECTORY);
const samplesPerMessage = () =>
  new Option('--samples-per-message <n>', 'samples that share a message').argParser(whole(1, 500)).default(1);
const interval = () =>
  new Option('--interval <ms>', 'time between two samples of a device').argParser(whole(1, 86_400_000)).default(1000);
const httpsPort = () =>
  new Option('--port <n>', 'HTTPS port of the AWS APIs, 0 for a free one').argParser(port).default(4566);
const mqttPort = () => new Option('--mqtt-port <n>', 'port of MQTT over TLS, 0 for a free one').argParser(port);

/** Options of commands that work on a deployed stage, here or on AWS. */
const onStage = (command: Command): Command =>
  command
    .addOption(dataDir())
    .option('--aws', "work on AWS, with the environment's credentials, instead of the local cloud")
    .option('--region <name>', 'with --aws: region')
    .option('--stage <name>', 'stage such as dev, or project and stage such as fleetwright-dev')
    .option('--json', 'standard output is JSON, one object a line');

const program = new Command('fleetwright')
  .description('A serverless AWS IoT platform and an embedded AWS that runs the same template on one machine.')
  .showHelpAfterError();

program
  .command('start')
  .description('run the whole platform here: synthesize, deploy locally, onboard devices, publish, query')
  .option('--once', 'stop after --seconds, check that nothing was lost, and exit')
  .addOption(new Option('--devices <n>', 'simulated devices').argParser(whole(1, 10_000)).default(5))
  .addOption(new Option('--seconds <n>', 'with --once: how long to publish').argParser(whole(1, 86_400)).default(15))
  .addOption(
    new Option('--settle <n>', 'with --once: seconds that acknowledged samples may take to be found')
      .argParser(whole(1, 3600))
      .default(60),
  )
  .option('--json', 'with --once: last line of standard output is one JSON object')
  .addOption(dataDir())
  .addOption(httpsPort())
  .addOption(mqttPort().default(8883))
  .addOption(interval())
  .addOption(samplesPerMessage())
  .addOption(new Option('--seed <n>', 'seed of the simulated devices').argParser(whole(0, 0xffff_ffff)).default(1))
  .addOption(new Option('--assembly <dir>', 'use this cloud assembly instead of synthesizing').conflicts('hotStore'))
  .addOption(
    new Option('--hot-store <kind>', 'another hot store than the configured one').choices(['timestream', 'lake']),
  )
  .addOption(
    new Option('--edge', 'also a simulated plant, and a Greengrass core that watches over it').conflicts('assembly'),
  )
  .option('--core <serial>', 'with --edge: serial number of the core', 'EDGE-0001')
  .addOption(
    new Option('--modbus-port <n>', 'with --edge: port of the plant, 0 for a free one').argParser(port).default(15_020),
  )
  .addOption(
    new Option('--coap-port <n>', 'with --edge: port of the plant, 0 for a free one').argParser(port).default(15_683),
  )
  .action(later(async () => (await import('../cli/commands/start.ts')).start));

program
  .command('cloud')
  .description('run the local cloud alone, with an empty account or an assembly, until Ctrl-C')
  .option('--assembly <dir>', 'cloud assembly to deploy, such as cdk.out')
  .addOption(dataDir())
  .addOption(httpsPort())
  .addOption(mqttPort().default(8883))
  .option('--account <id>', 'account number to play')
  .option('--region <name>', 'region to play')
  .action(later(async () => (await import('../cli/commands/cloud.ts')).cloud));

onStage(program.command('query'))
  .description('run a query and print its rows')
  .argument('<sql>', "query in the SQL of the stage's hot store: Timestream's, or Athena's for the lake")
  .addOption(new Option('--csv', 'RFC 4180').conflicts('json'))
  .option('--lake', 'ask the lake, also where the hot store is another')
  .action(later(async () => (await import('../cli/commands/query.ts')).query));

onStage(program.command('rollup'))
  .description('lowest, highest and mean value of a measure, by minute or hour and device')
  .argument('<measure>', 'such as temperature')
  .addOption(new Option('--every <span>', 'span of a bucket').choices(['1m', '1h']).default('1m'))
  .option('--device <thing-name>', 'only this device, by its whole thing name')
  .option('--from <time>', 'beginning, in ISO 8601 (default: 60 buckets before --to)')
  .option('--to <time>', 'end, in ISO 8601 (default: now)')
  .addOption(new Option('--csv', 'RFC 4180').conflicts('json'))
  .action(async (measure, options) => (await import('../cli/commands/rollup.ts')).rollup(measure, options));

program
  .command('permissions')
  .description("what the local cloud's roles are granted and have not used, and what they were refused")
  .option('--role <text>', 'roles with this in their name')
  .option('--all', 'also what they have used')
  .option('--json', 'one JSON object a role')
  .addOption(dataDir())
  .action(later(async () => (await import('../cli/commands/permissions.ts')).permissions));

program
  .command('rule')
  .description('topic rules')
  .command('test')
  .description('evaluate a topic rule without a cloud, or check a file of rules, messages and expected outputs')
  .option('--sql <statement>', 'the SQL of the rule')
  .addOption(
    new Option('--sql-version <version>', 'version of the SQL (default: that of a rule without one)').choices([
      '2015-10-08',
      '2016-03-23',
      'beta',
    ]),
  )
  .option('--topic <topic>', 'topic of the message')
  .option('--payload <text>', 'payload of the message (default: empty)')
  .option('--payload-file <file>', 'payload of the message, read from a file')
  .option('--payload-base64 <text>', 'payload of the message, in Base64')
  .option('--client-id <id>', 'client id of the publisher')
  .option('--principal <id>', 'certificate id of the publisher')
  .option('--source-ip <address>', 'address of the publisher')
  .addOption(new Option('--now <ms>', 'time of the message, ms since the epoch').argParser(whole(0, 8.64e15)))
  .addOption(
    new Option(
      '--vectors <file>',
      'JSON array of {sql, sqlVersion, topic, payload, expect: {match, output}}',
    ).conflicts(['sql', 'topic', 'payload', 'payloadFile', 'payloadBase64']),
  )
  .option('--json', 'last line of standard output is one JSON object')
  .action(later(async () => (await import('../cli/commands/rule-test.ts')).ruleTest));

const device = program.command('device').description('devices');

device
  .command('run')
  .description('run one device until Ctrl-C: it provisions itself, connects over mTLS and publishes')
  .requiredOption('--thing-name <name>', 'serial number of the device, or its whole thing name')
  .option('--claim <file>', 'claim credentials as in the claim secret (default: from the running local cloud)')
  .option('--endpoint <host>', 'AWS IoT endpoint (default: the running local cloud)')
  .addOption(mqttPort())
  .option('--ca <file>', "PEM of the server's CA (default: the local cloud's, or the system's for --endpoint)")
  .option('--site <name>', 'site of the device')
  .option('--device-type <name>', 'type of the device')
  .option('--stage <name>', 'project and stage, such as fleetwright-prod, where several are deployed')
  .option('--state-dir <dir>', "the device's own state (default: below --data-dir)")
  .addOption(dataDir())
  .addOption(interval())
  .addOption(samplesPerMessage())
  .option('--replay <file.csv>', 'send recorded data instead of the simulated pump station')
  .option('--keep-times', 'with --replay: keep the recorded times instead of moving them to now')
  .addOption(new Option('--seconds <n>', 'stop after this time').argParser(whole(1, 86_400)))
  .action(later(async () => (await import('../cli/commands/device-run.ts')).deviceRun));

// What only operators use is loaded when they do: `start` must not wait for it.
onStage(device.command('quarantine'))
  .description('cut a device off until it is released: deny everything, end its connection')
  .argument('<thing-name>', 'whole thing name')
  .requiredOption('--reason <text>', 'why, for the record')
  .action(async (thingName, options) =>
    (await import('../cli/commands/device-quarantine.ts')).deviceQuarantine(thingName, options),
  );

onStage(device.command('release'))
  .description('lift the quarantine of a device: what it had changed is put back, and nothing else')
  .argument('<thing-name>', 'whole thing name')
  .requiredOption('--reason <text>', 'why, for the record')
  .action(async (thingName, options) =>
    (await import('../cli/commands/device-quarantine.ts')).deviceRelease(thingName, options),
  );

onStage(program.command('audit').description('audits of Device Defender').command('findings'))
  .description('print what audits of the account found')
  .option('--check <name>', 'only this check, such as DEVICE_CERTIFICATE_SHARED_CHECK')
  .addOption(new Option('--days <n>', 'found in the last days').argParser(whole(1, 90)).default(90))
  .option('--suppressed', 'findings that are suppressed too')
  .action(async (options) => (await import('../cli/commands/audit-findings.ts')).auditFindings(options));

onStage(device.command('list'))
  .description('the devices of a stage')
  .option('--site <name>', 'only those of a site')
  .option('--device-type <name>', 'only those of a type')
  .option('--state <name>', 'only those in a lifecycle state')
  .addOption(new Option('--limit <n>', 'at most so many').argParser(whole(1, 1_000_000)).default(100))
  .action(later(async () => (await import('../cli/commands/device-list.ts')).deviceList));

onStage(device.command('show'))
  .description('one device with its certificates, groups, shadows and jobs')
  .argument('<name>', 'thing name or serial number')
  .action(later(async () => (await import('../cli/commands/device-show.ts')).deviceShow));

onStage(device.command('state'))
  .description('move a device to another lifecycle state')
  .argument('<name>', 'thing name or serial number')
  .argument('<state>', 'provisioning, active or maintenance')
  .action(later(async () => (await import('../cli/commands/device-state.ts')).deviceState));

onStage(device.command('decommission'))
  .description('take a device out of service for good: certificate revoked, serial number denied, data kept')
  .argument('<name>', 'thing name or serial number')
  .option('--yes', 'do not ask')
  .action(later(async () => (await import('../cli/commands/device-state.ts')).deviceDecommission));

onStage(device.command('rotate'))
  .description('ask a device, or those of a group, to change their certificates while they run')
  .argument('[name]', 'thing name or serial number')
  .option('--group <name>', 'the devices of a thing group instead')
  .addOption(
    new Option('--expires <hours>', 'after which no device begins any more').argParser(whole(1, 8_760)).default(24),
  )
  .addOption(new Option('--per-minute <n>', 'devices that are told in a minute').argParser(whole(1, 1_000)).default(50))
  .action(async (name, options) => (await import('../cli/commands/device-rotate.ts')).deviceRotate(name, options));

onStage(device.command('register'))
  .description('register one device by hand, with its signing request or its certificate')
  .argument('<serial>', 'serial number')
  .requiredOption('--site <name>', 'site of the device')
  .requiredOption('--device-type <name>', 'type of the device')
  .option('--csr <pem>', 'signing request: the certificate that is signed for it goes to standard output')
  .option('--certificate <pem>', 'certificate that the device has')
  .option('--ca-certificate <pem>', 'certificate of its CA, where that is registered')
  .action(async (serial, options) =>
    (await import('../cli/commands/device-register.ts')).deviceRegister(serial, options),
  );

onStage(device.command('import'))
  .description('register the devices of a manufacturing list; importing it again goes on where it stopped')
  .argument('<csv>', 'header: serialNumber,site,deviceType, certificate and/or csr, attribute.<name>…')
  .option('--out <dir>', 'directory for the certificates that are signed for CSRs')
  .option('--ca-certificate <pem>', 'certificate of the CA of the listed certificates, where it is registered')
  .option('--report <file>', 'outcome of each line (default: <csv>.report.jsonl)')
  .option('--dry-run', 'check the list and register nothing')
  .action(later(async () => (await import('../cli/commands/device-import.ts')).deviceImport));

const several = (value: string, before: string[] = []): string[] => [...before, value];

const twin = program.command('twin').description('the shadows of devices: what they are and should be');
const shadow = () =>
  new Option('--shadow <name>', 'named shadow: config, firmware, health, presence … (default: classic)');

onStage(twin.command('get'))
  .description("print a shadow's document")
  .argument('<name>', 'thing name or serial number')
  .addOption(shadow())
  .action(async (name, options) => (await import('../cli/commands/twin-get.ts')).twinGet(name, options));

onStage(twin.command('set'))
  .description('ask a device for a state')
  .argument('<name>', 'thing name or serial number')
  .argument('<desired>', 'JSON object; a value null takes back what was asked for')
  .addOption(shadow())
  .addOption(
    new Option('--if-version <n>', 'only if the shadow still has this version').argParser(whole(0, 2 ** 53 - 1)),
  )
  .action(async (name, desired, options) =>
    (await import('../cli/commands/twin-set.ts')).twinSet(name, desired, options),
  );

onStage(twin.command('history'))
  .description('print the last versions of a shadow, the newest first')
  .argument('<name>', 'thing name or serial number')
  .addOption(shadow())
  .addOption(new Option('--limit <n>', 'versions at most').argParser(whole(1, 1_000)).default(20))
  .action(async (name, options) => (await import('../cli/commands/twin-history.ts')).twinHistory(name, options));

onStage(twin.command('what-if'))
  .description('predict what would come of a desired state: settings, measures, limits, alerts; nothing is sent')
  .argument('<name>', 'thing name or serial number')
  .requiredOption('--set <key=value>', 'a setting, such as speed=1500; several times for several', several)
  .option('--for <time>', 'how far ahead: 90s, 15m, 1h, 2d', '1h')
  .option('--given <name=number>', 'surroundings other than usual, such as ambient=30', several)
  .action(async (name, options) => (await import('../cli/commands/twin-what-if.ts')).twinWhatIf(name, options));

onStage(twin.command('life'))
  .description('estimate how long what wears lasts, from its trend, or say why that cannot be said')
  .argument('<name>', 'thing name or serial number')
  .action(async (name, options) => (await import('../cli/commands/twin-life.ts')).twinLife(name, options));

onStage(program.command('command').description('commands to devices').command('send'))
  .description('send a command to a device and wait for its outcome; exit code 1 unless it is done')
  .argument('<name>', 'thing name or serial number')
  .argument('<command>', 'name of the command, such as restart')
  .option('--parameters <json>', 'what the command needs to know')
  .addOption(
    new Option('--deadline <seconds>', 'after which it must not be begun').argParser(whole(1, 604_800)).default(60),
  )
  .option('--no-wait', 'do not wait for the outcome')
  .action(async (name, command, options) =>
    (await import('../cli/commands/command-send.ts')).commandSend(name, command, options),
  );

registerOtaCommands(program, onStage);
registerEdgeCommands(program);

program
  .command('device-test')
  .description('test a device as Device Advisor does: point it at this endpoint, let it connect and reconnect')
  .addOption(dataDir())
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .addOption(mqttPort().default(8884))
  .addOption(
    new Option('--timeout <seconds>', 'time that the device has for each test')
      .argParser(whole(1, 10_800))
      .default(300),
  )
  .option('--tests <ids>', 'only these tests, separated by commas')
  .option('--json', 'last line of standard output is one JSON object')
  .action(later(async () => (await import('../cli/commands/device-test.ts')).deviceTest));

const dlq = program.command('dlq').description('dead letters: messages that went nowhere else');
const letters = (command: Command): Command =>
  onStage(command)
    .addOption(new Option('--queue <name>', 'which queue, as `dlq list` names it').default('rejected'))
    .option('--reason <name>', 'only letters with this reason');

onStage(dlq.command('list'))
  .description('how many letters lie in each queue')
  .action(later(async () => (await import('../cli/commands/dlq.ts')).dlqList));

letters(dlq.command('show'))
  .description('the letters of a queue, decoded; they stay where they are')
  .addOption(new Option('--limit <n>', 'at most so many').argParser(whole(1, 100_000)).default(20))
  .action(later(async () => (await import('../cli/commands/dlq.ts')).dlqShow));

letters(dlq.command('redrive'))
  .description('send letters back to the queue they came from; each is removed only once it is there')
  .addOption(new Option('--limit <n>', 'at most so many').argParser(whole(1, 10_000_000)).default(10_000_000))
  .addOption(new Option('--rate <n>', 'letters a second').argParser(whole(1, 3000)).default(50))
  .option('--dry-run', 'count what would go, and send nothing')
  .action(later(async () => (await import('../cli/commands/dlq.ts')).dlqRedrive));

program
  .command('preflight')
  .description('check an account and region before a deploy: what would fail, and what to change')
  .option('--region <name>', 'region to check')
  .option('--stage <name>', 'stage such as dev, or project and stage such as fleetwright-dev')
  .option('--data-dir <dir>', 'check the local cloud that runs on this directory, instead of AWS')
  .option('--json', 'standard output is one JSON object')
  .action(later(async () => (await import('../cli/commands/preflight.ts')).preflight));

program
  .command('deploy')
  .description('preflight, then `cdk deploy --all` of a stage to AWS; nothing is deployed when the preflight stops')
  .option('--region <name>', 'region to deploy to')
  .option('--stage <name>', 'stage such as dev, or project and stage such as fleetwright-dev')
  .option('--yes', 'do not ask before permissions are broadened')
  .action(later(async () => (await import('../cli/commands/deploy.ts')).deploy));

onStage(program.command('purge'))
  .description('remove what blocks the deletion of a stage: its devices, jobs and leftovers, never anything else')
  .option('--dry-run', 'show what would be removed, and change nothing')
  .option('--yes', 'do not ask')
  .option('--empty-buckets', "also delete all objects of the stage's buckets")
  .action(later(async () => (await import('../cli/commands/purge.ts')).purge));

onStage(program.command('destroy'))
  .description('delete the stacks of a stage from the local cloud, as `cdk destroy` does on AWS')
  .option('--yes', 'do not ask')
  .action(later(async () => (await import('../cli/commands/destroy.ts')).destroy));

try {
  await program.parseAsync();
  // A command that is done has closed what it opened; native handles of the device SDK must not hold the process.
  process.exit(process.exitCode ?? 0);
} catch (error) {
  // An AWS API's own answer says what is wrong; anything else unexpected is a defect and shows its stack.
  const expected = error instanceof Failure || (error instanceof Error && '$metadata' in error);
  process.stderr.write(`fleetwright: ${expected ? error.message : error instanceof Error ? error.stack : error}\n`);
  process.exit(error instanceof Failure ? error.exitCode : 1);
}
