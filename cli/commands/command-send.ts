import { setTimeout as pause } from 'node:timers/promises';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  COMMAND_GRACE,
  type CommandRecord,
  commandRecordSchema,
  FINAL_STATUSES,
  type IssueCommand,
  type IssueCommandResult,
  issueCommandSchema,
} from '@fleetwright/contracts';
import { z } from 'zod';
import { Failure } from '../failure.ts';
import type { StageOptions } from '../operator/stage.ts';
import { parseJson } from '../twin/parse-json.ts';
import { withDevice } from '../twin/with-device.ts';

export interface CommandSendOptions extends StageOptions {
  /** JSON */
  readonly parameters?: string;
  /** seconds */
  readonly deadline: number;
  /** False: do not wait for the outcome. */
  readonly wait: boolean;
  readonly json?: boolean;
}

const POLL = 250;
/** ms that the platform has after the grace of the deadline to record that it passed. */
const PATIENCE = 30_000;

/** `fleetwright command send`: sends a command, waits for its outcome; exit code 1 unless it is done. */
export async function commandSend(name: string, command: string, options: CommandSendOptions): Promise<void> {
  const parameters = options.parameters === undefined ? undefined : parseJson('--parameters', options.parameters);
  const keys = ['CommandFunctionName', 'CommandTableName'] as const;
  await withDevice(name, options, keys, async ({ clients, outputs, thingName }) => {
    const request = readRequest({ thingName, name: command, parameters, deadlineSeconds: options.deadline });
    const issued = await issue(clients.of(LambdaClient), outputs.CommandFunctionName, request);
    const key = { thingName, commandId: issued.commandId };
    if (!options.wait) {
      process.stdout.write(
        options.json === true ? `${JSON.stringify({ ...key, status: 'issued' })}\n` : `${issued.commandId}\n`,
      );
      return;
    }
    const table = clients.of(DynamoDBClient);
    let shown: CommandRecord['status'] = 'issued';
    if (options.json !== true) process.stderr.write(`issued ${issued.commandId}\n`);
    for (;;) {
      const record = await read(table, outputs.CommandTableName, key);
      if (record.status !== shown && options.json !== true) process.stderr.write(`${record.status}\n`);
      shown = record.status;
      if (FINAL_STATUSES.has(record.status)) return report(record, options.json === true);
      if (Date.now() > issued.expiresAt + COMMAND_GRACE + PATIENCE) {
        throw new Failure(`the deadline passed and the platform has not said so: is track-commands running?`);
      }
      await pause(POLL);
    }
  });
}

/** @throws Failure with everything that is wrong */
function readRequest(request: unknown): IssueCommand {
  const parsed = issueCommandSchema.safeParse(request);
  if (!parsed.success) throw new Failure(z.prettifyError(parsed.error));
  return parsed.data;
}

async function issue(
  client: LambdaClient,
  FunctionName: string,
  request: IssueCommand,
): Promise<Extract<IssueCommandResult, { ok: true }>> {
  const { FunctionError: failed, Payload } = await client.send(
    new InvokeCommand({ FunctionName, Payload: JSON.stringify(request) }),
  );
  const text = Buffer.from(Payload ?? []).toString('utf8');
  if (failed !== undefined) throw new Failure(`the command was not sent: ${text}`);
  const result = JSON.parse(text) as IssueCommandResult;
  if (!result.ok) throw new Failure(`the command was not sent: ${result.message}`);
  return result;
}

async function read(
  client: DynamoDBClient,
  TableName: string,
  { thingName, commandId }: { thingName: string; commandId: string },
): Promise<CommandRecord> {
  const { Item } = await client.send(
    new GetItemCommand({
      TableName,
      Key: { thingName: { S: thingName }, commandId: { S: commandId } },
      ConsistentRead: true,
    }),
  );
  return commandRecordSchema.parse(JSON.parse(Item?.record?.S ?? 'null'));
}

function report(record: CommandRecord, json: boolean): void {
  const { commandId, thingName, name, status, detail, issuedAt, expiresAt, changedAt } = record;
  if (json)
    process.stdout.write(
      `${JSON.stringify({ commandId, thingName, name, status, detail, issuedAt, expiresAt, changedAt })}\n`,
    );
  else process.stdout.write(`${name} ${status}${detail === undefined ? '' : `: ${detail}`}\n`);
  if (status !== 'done') process.exitCode = 1;
}
