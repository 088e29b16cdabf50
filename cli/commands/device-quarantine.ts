import { userInfo } from 'node:os';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { z } from 'zod';
import { Failure } from '../failure.ts';
import { withClients } from '../operator/clients.ts';
import { openStage, type StageOptions } from '../operator/stage.ts';
import { stageStacks } from '../operator/stage-stacks.ts';

export interface DeviceQuarantineOptions extends StageOptions {
  readonly reason: string;
  readonly json?: boolean;
}

/** `fleetwright device quarantine`: cuts a device off until it is released. */
export function deviceQuarantine(thingName: string, options: DeviceQuarantineOptions): Promise<void> {
  return order('quarantine', thingName, options);
}

/** `fleetwright device release`: lifts a quarantine, whoever imposed it. */
export function deviceRelease(thingName: string, options: DeviceQuarantineOptions): Promise<void> {
  return order('release', thingName, options);
}

const answerSchema = z.object({ outcome: z.string() });

const DONE: Readonly<Record<string, string>> = {
  QUARANTINED: 'is quarantined: it may do nothing, and its connection was ended',
  ALREADY_QUARANTINED: 'was quarantined already',
  RELEASED: 'is released: what its quarantine had changed is as it was before',
  NOT_QUARANTINED: 'is not quarantined',
};
const REFUSED: Readonly<Record<string, string>> = {
  FOREIGN_THING: 'is no device of this stage: its name begins otherwise',
  NO_SUCH_THING: 'does not exist',
};

/** The stage's own function does it, so that orders and automatic quarantines never work against each other. */
async function order(
  action: 'quarantine' | 'release',
  thingName: string,
  options: DeviceQuarantineOptions,
): Promise<void> {
  const stage = openStage(options);
  await withClients(stage, async (clients) => {
    const { outputs } = await stageStacks(clients.cloudFormation, stage);
    const functionName = outputs.QuarantineFunctionName;
    if (functionName === undefined) {
      throw new Failure(`no quarantine function: is the stack ${stage.prefix}-security deployed?`);
    }
    const { FunctionError: failed, Payload: payload } = await clients.of(LambdaClient).send(
      new InvokeCommand({
        FunctionName: functionName,
        Payload: JSON.stringify({
          action,
          thingName,
          reason: options.reason,
          by: `${userInfo().username}, by command`,
        }),
      }),
    );
    const text = Buffer.from(payload ?? []).toString('utf8');
    if (failed !== undefined) throw new Failure(`the ${action} of ${thingName} failed: ${reasonOf(text)}`);
    const { outcome } = answerSchema.parse(JSON.parse(text));
    if (options.json === true) process.stdout.write(`${JSON.stringify({ thingName, outcome })}\n`);
    const refused = REFUSED[outcome];
    if (refused !== undefined) throw new Failure(`${thingName} ${refused}`);
    process.stderr.write(`${thingName} ${DONE[outcome] ?? outcome}\n`);
  });
}

function reasonOf(payload: string): string {
  const parsed = z.object({ errorMessage: z.string() }).safeParse(JSON.parse(payload));
  return parsed.success ? parsed.data.errorMessage : payload;
}
