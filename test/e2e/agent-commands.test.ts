import { randomBytes } from 'node:crypto';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  type CommandRecord,
  type CommandRequest,
  commandRecordSchema,
  commandTopic,
  type IssueCommandResult,
} from '@fleetwright/contracts';
import * as z from 'zod';
import { commandHandler } from '../../device-client/src/commands/command-handler.ts';
import { CommandsFeature } from '../../device-client/src/commands/commands-feature.ts';
import { addressOf } from '../../device-client/src/device-address.ts';
import type { Device } from '../../device-client/src/index.ts';
import { type AgentPlatform, startAgentPlatform } from '../support/agent-platform.ts';
import { eventually } from '../support/eventually.ts';

let agents: AgentPlatform;
let data: IoTDataPlaneClient;
let lambda: LambdaClient;
let dynamo: DynamoDBClient;
let outputs: Readonly<Record<string, string>>;

beforeAll(async () => {
  agents = await startAgentPlatform();
  const { description, settings } = agents.platform;
  data = new IoTDataPlaneClient(settings);
  lambda = new LambdaClient(settings);
  dynamo = new DynamoDBClient(settings);
  outputs = description.stacks.find(({ stackName }) => stackName.endsWith('-twin'))?.outputs ?? {};
}, 120_000);
afterAll(async () => {
  for (const client of [data, lambda, dynamo]) client?.destroy();
  await agents?.stop();
}, 30_000);

interface Valve {
  readonly feature: CommandsFeature;
  readonly moves: string[];
  readonly refused: string[];
  hold?: Promise<void>;
}

function valve(): Valve {
  const moves: string[] = [];
  const refused: string[] = [];
  const own: Valve = {
    moves,
    refused,
    feature: new CommandsFeature({
      handlers: [
        commandHandler({
          name: 'open',
          parameters: z.object({ percent: z.int().min(0).max(100) }),
          async run({ parameters, signal }) {
            moves.push(`open ${parameters.percent}`);
            if (parameters.percent === 13) throw new Error('stuck');
            if (parameters.percent === 99) {
              await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
            }
            return `at ${parameters.percent} %`;
          },
        }),
      ],
    }),
  };
  own.feature.on('refused', (reason) => refused.push(reason));
  return own;
}

async function issue(device: Device, name: string, parameters: unknown, deadlineSeconds = 30): Promise<string> {
  const { thingName } = device.identity;
  const { Payload } = await lambda.send(
    new InvokeCommand({
      FunctionName: outputs.CommandFunctionName,
      Payload: JSON.stringify({ thingName, name, parameters, deadlineSeconds }),
    }),
  );
  const result = JSON.parse(Buffer.from(Payload ?? []).toString('utf8')) as IssueCommandResult;
  if (!result.ok) throw new Error(result.message);
  return result.commandId;
}

async function recordOf(device: Device, commandId: string): Promise<CommandRecord> {
  const { Item } = await dynamo.send(
    new GetItemCommand({
      TableName: outputs.CommandTableName,
      Key: { thingName: { S: device.identity.thingName }, commandId: { S: commandId } },
      ConsistentRead: true,
    }),
  );
  return commandRecordSchema.parse(JSON.parse(Item?.record?.S as string));
}

function became(device: Device, commandId: string, status: CommandRecord['status']): Promise<CommandRecord> {
  return eventually(`${commandId} ${status}`, async () => {
    const record = await recordOf(device, commandId);
    return record.status === status && record;
  });
}

/** As whoever may publish to the device's topic, with a request of their own making. */
function send(device: Device, request: CommandRequest): Promise<unknown> {
  const topic = commandTopic(addressOf(device.identity));
  return data.send(new PublishCommand({ topic, qos: 1, payload: Buffer.from(JSON.stringify(request)) }));
}

/** A device is connected a moment before it is subscribed: sends until it moves. */
async function listening(device: Device, { moves }: Valve): Promise<void> {
  await eventually('the device to listen', async () => {
    if (moves.length === 0) await send(device, requestOf(0));
    return moves.length > 0;
  });
  // What was sent while it began to listen.
  await send(device, requestOf(1));
  await eventually('the last of them', async () => moves.includes('open 1'));
  moves.length = 0;
}

function requestOf(percent: number, over: Partial<CommandRequest> = {}): CommandRequest {
  const issuedAt = Date.now();
  const id = () => randomBytes(16).toString('hex');
  return {
    version: 1,
    commandId: id(),
    nonce: id(),
    name: 'open',
    parameters: { percent },
    issuedAt,
    expiresAt: issuedAt + 60_000,
    ...over,
  };
}

test('commands are carried out in order and answered: done, failed, unknown, with wrong parameters', async () => {
  const own = valve();
  const { feature, moves } = own;
  const device = await agents.start('CMDS-0001', [feature]);
  await listening(device, own);
  const good = await issue(device, 'open', { percent: 40 });
  const stuck = await issue(device, 'open', { percent: 13 });
  const unknown = await issue(device, 'explode', undefined);
  const wrong = await issue(device, 'open', { percent: 400 });
  expect(await became(device, good, 'done')).toMatchObject({ detail: 'at 40 %' });
  expect(await became(device, stuck, 'failed')).toMatchObject({ detail: 'stuck' });
  expect(await became(device, unknown, 'failed')).toMatchObject({ detail: expect.stringContaining('UNKNOWN_COMMAND') });
  expect(await became(device, wrong, 'failed')).toMatchObject({
    detail: expect.stringContaining('PARAMETERS_INVALID'),
  });
  expect(moves).toEqual(['open 40', 'open 13']);
}, 60_000);

test('old, repeated, altered, premature and foreign commands are not carried out, also after a restart', async () => {
  const first = valve();
  const before = await agents.start('CMDS-0002', [first.feature]);
  await listening(before, first);
  const request = requestOf(10);
  await send(before, request);
  await send(before, request);
  const stolenNonce = requestOf(20, { nonce: request.nonce });
  const stolenId = requestOf(30, { commandId: request.commandId });
  const expired = requestOf(40, { issuedAt: Date.now() - 60_000, expiresAt: Date.now() - 1_000 });
  const premature = requestOf(50, { issuedAt: Date.now() + 3_600_000, expiresAt: Date.now() + 7_200_000 });
  const foreign = requestOf(55, { thingName: 'fleetwright-dev-pump-station-CMDS-0001' });
  for (const bad of [stolenNonce, stolenId, expired, premature, foreign]) await send(before, bad);
  await send(before, requestOf(60));
  await eventually('the last command', async () => first.moves.includes('open 60'));
  expect(first.moves).toEqual(['open 10', 'open 60']);
  expect(first.refused).toEqual(['REPLAYED', 'REPLAYED', 'EXPIRED', 'NOT_YET_VALID', 'FOREIGN']);
  await before.stop();

  const second = valve();
  const after = await agents.start('CMDS-0002', [second.feature]);
  await listening(after, second);
  for (const again of [request, stolenNonce, stolenId, expired]) await send(after, again);
  await send(after, requestOf(70));
  await eventually('the last command', async () => second.moves.includes('open 70'));
  expect(second.moves).toEqual(['open 70']);
  // The first and the last are known by their ids and nonces: nothing but their outcomes is told again.
  expect(second.refused).toEqual(['REPLAYED', 'REPLAYED']);
}, 60_000);

test('a command ends at its deadline, and one that a restart interrupts is told as failed and not begun again', async () => {
  const first = valve();
  const before = await agents.start('CMDS-0003', [first.feature]);
  await listening(before, first);
  const late = await issue(before, 'open', { percent: 99 }, 1);
  expect(await became(before, late, 'failed')).toMatchObject({ detail: 'its time is over' });
  const cut = await issue(before, 'open', { percent: 99 }, 60);
  await became(before, cut, 'accepted');
  await before.stop();
  const second = valve();
  const after = await agents.start('CMDS-0003', [second.feature]);
  await became(after, cut, 'failed');
  expect(first.moves).toEqual(['open 99', 'open 99']);
  expect(second.moves).toEqual([]);
}, 60_000);
