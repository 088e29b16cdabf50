import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { accountOf, Scene, type TestDevice } from '../../conformance/account/scene.ts';
import { type LocalTarget, openLocalTarget } from '../../conformance/account/target.ts';

/** Programs that others wrote, as they are: with the settings that their own documentation gives. Absent ones are skipped. */
const run = promisify(execFile);
const PATIENCE = 60_000;

function testWith(program: string, ...probe: string[]): typeof test {
  const { error, status } = spawnSync(program, probe, { stdio: 'ignore' });
  // mosquitto's programs answer 1 to a question about themselves.
  const there = error === undefined && (status === 0 || program.startsWith('mosquitto'));
  return there ? test : (test.skip as typeof test);
}

let target: LocalTarget;
let scene: Scene;
let device: TestDevice;
let directory: string;

beforeAll(async () => {
  target = await openLocalTarget();
  scene = new Scene(target, await accountOf(target));
  device = await scene.trustedDevice();
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-clients-'));
  writeFileSync(join(directory, 'device.pem'), device.certificatePem);
  writeFileSync(join(directory, 'device.key'), device.privateKeyPem, { mode: 0o600 });
}, PATIENCE);

afterAll(async () => {
  await scene.close();
  await target.close();
  rmSync(directory, { recursive: true, force: true });
}, PATIENCE);

function environment(): NodeJS.ProcessEnv {
  const { apiUrl, caFile, credentialsFile, region } = target.description;
  return {
    PATH: process.env.PATH,
    HOME: directory,
    AWS_ENDPOINT_URL: apiUrl,
    AWS_DEFAULT_REGION: region,
    AWS_REGION: region,
    AWS_SHARED_CREDENTIALS_FILE: credentialsFile,
    AWS_CA_BUNDLE: caFile,
  };
}

test('the CA of the server certificates is offered over HTTPS', async () => {
  const { apiUrl, caFile } = target.description;
  const offered = await new Promise<string>((resolve, reject) => {
    const options = { rejectUnauthorized: false };
    get(`${apiUrl}/_fleetwright/ca.pem`, options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve(text));
    }).once('error', reject);
  });
  expect(offered).toBe(readFileSync(caFile, 'utf8'));
});

describe('mosquitto_sub and mosquitto_pub', () => {
  function mosquitto(program: string, version: string, ...options: string[]): ChildProcess {
    const { caFile, mqttHost, mqttPort } = target.description;
    const tls = ['--cafile', caFile, '--cert', join(directory, 'device.pem'), '--key', join(directory, 'device.key')];
    const where = ['-h', mqttHost, '-p', String(mqttPort), '-V', version, '-q', '1', '-t', 'mosquitto/topic'];
    return spawn(program, [...where, ...tls, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  }

  testWith('mosquitto_pub', '--version').each(['mqttv311', 'mqttv5'])(
    'exchange a message with %s',
    async (version) => {
      const subscriber = mosquitto('mosquitto_sub', version, '-i', `sub-${version}`, '-C', '1');
      let output = '';
      subscriber.stdout?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      let ended: number | null | undefined;
      subscriber.once('exit', (code) => {
        ended = code;
      });
      // It says nothing of its subscription before it ends.
      while (ended === undefined) {
        const publisher = mosquitto('mosquitto_pub', version, '-i', `pub-${version}`, '-m', `hello ${version}`);
        expect(await new Promise((resolve) => publisher.once('exit', resolve))).toBe(0);
      }
      expect(ended).toBe(0);
      expect(output).toContain(`hello ${version}`);
    },
    PATIENCE,
  );
});

describe('the AWS CLI', () => {
  async function aws(...words: string[]): Promise<Record<string, unknown>> {
    const { stdout } = await run('aws', [...words, '--output', 'json'], { env: environment() });
    return stdout.trim() === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>);
  }

  testWith('aws', '--version')(
    'manages things, shadows and jobs with AWS_ENDPOINT_URL alone',
    async () => {
      const thing = await aws('iot', 'create-thing', '--thing-name', 'cli-thing');
      expect(thing.thingArn).toBe(`${scene.arnPrefix}thing/cli-thing`);
      const payload = Buffer.from('{"state":{"desired":{"on":true}}}').toString();
      const out = join(directory, 'shadow.json');
      await run('aws', ['iot-data', 'update-thing-shadow', '--thing-name', 'cli-thing', '--payload', payload, out], {
        env: environment(),
      });
      const job = ['--job-id', 'cli-job', '--targets', String(thing.thingArn), '--document', '{"do":"it"}'];
      expect(await aws('iot', 'create-job', ...job)).toMatchObject({ jobId: 'cli-job' });
      expect(await aws('iot', 'describe-job', '--job-id', 'cli-job')).toMatchObject({ job: { status: 'IN_PROGRESS' } });
      const missing = aws('iot', 'describe-thing', '--thing-name', 'nobody');
      await expect(missing).rejects.toMatchObject({ stderr: expect.stringContaining('ResourceNotFoundException') });
    },
    PATIENCE * 2,
  );
});

describe('boto3', () => {
  const SCRIPT = `
import boto3, json
iot = boto3.client('iot')
iot.create_thing(thingName='boto-thing', attributePayload={'attributes': {'colour': 'blue'}})
names = [t['thingName'] for page in iot.get_paginator('list_things').paginate() for t in page['things']]
data = boto3.client('iot-data')
data.update_thing_shadow(thingName='boto-thing', payload=json.dumps({'state': {'reported': {'on': False}}}))
shadow = json.loads(data.get_thing_shadow(thingName='boto-thing')['payload'].read())
try:
    iot.describe_thing(thingName='nobody')
    refused = None
except iot.exceptions.ResourceNotFoundException as error:
    refused = type(error).__name__
print(json.dumps({'names': names, 'reported': shadow['state']['reported'], 'refused': refused}))
`;

  testWith('python3', '-c', 'import boto3')(
    'manages things and shadows, pages, and knows errors by their class',
    async () => {
      const { stdout } = await run('python3', ['-c', SCRIPT], { env: environment() });
      expect(JSON.parse(stdout)).toEqual({
        names: expect.arrayContaining(['boto-thing']),
        reported: { on: false },
        refused: 'ResourceNotFoundException',
      });
    },
    PATIENCE,
  );
});
