import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Failure } from '../failure.ts';
import { withClients } from '../operator/clients.ts';
import { confirm } from '../operator/confirm.ts';
import { openStage, platformContext, type StageOptions, stageDeviceTypes } from '../operator/stage.ts';
import { stageStacks } from '../operator/stage-stacks.ts';
import { createProgress } from '../output/progress.ts';
import { discover } from '../purge/discover.ts';
import { execute, type PurgeResult } from '../purge/execute.ts';
import { describePlan, planPurge } from '../purge/plan.ts';

export interface PurgeOptions extends StageOptions {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly emptyBuckets?: boolean;
  readonly json?: boolean;
}

/** `fleetwright purge`: removes what devices and operators have made of a stage, so that its stacks can be destroyed. */
export async function purge(options: PurgeOptions): Promise<void> {
  const stage = openStage(options);
  const progress = createProgress(process.stderr, false);
  await withClients(stage, async (clients) => {
    const { cloudFormation, iot } = clients;
    const s3 = clients.s3();
    progress.step(`looking for what belongs to ${stage.prefix}`);
    const stacks = await stageStacks(cloudFormation, stage);
    const deviceTypes = stageDeviceTypes(platformContext(), stage);
    const dynamodb = clients.of(DynamoDBClient);
    const found = { stage, stacks, deviceTypes, iot, s3, dynamodb, cloudFormation };
    const { inventory, notes, ownPolicies } = await discover(found);
    const phases = planPurge(inventory, { emptyBuckets: options.emptyBuckets === true });
    for (const note of notes) progress.note(note);
    if (options.emptyBuckets !== true && inventory.buckets.length > 0) {
      progress.note(
        `buckets with objects block a destroy: ${inventory.buckets.join(', ')} (--empty-buckets deletes them)`,
      );
    }
    process.stderr.write(`${describePlan(phases)}\n`);
    const planned = Object.fromEntries(phases.map(({ kind, steps }) => [kind, steps.length]));
    let result: PurgeResult = { done: {}, left: [] };
    if (options.dryRun !== true && phases.length > 0) {
      await confirm(
        `This cannot be undone: the devices of ${stage.prefix} will have to be provisioned anew.`,
        stage.prefix,
        options.yes,
      );
      const executor = {
        iot,
        data: await clients.data(),
        s3,
        inventory,
        ownPolicies,
        ownThings: new Set(inventory.things),
      };
      result = await execute(phases, executor, ({ kind, steps }, done) => {
        if (done === steps.length) progress.done(`${kind}: ${done}`);
        else progress.live(`${kind}: ${done} of ${steps.length}`);
      });
    }
    for (const { name, reason } of result.left) progress.note(`${name} stays: ${reason}`);
    if (options.json === true) {
      const answer = { stage: stage.prefix, dryRun: options.dryRun === true, planned, ...result, notes };
      process.stdout.write(`${JSON.stringify(answer)}\n`);
    }
    if (result.left.length > 0) {
      throw new Failure(`${result.left.length} of what was found could not be removed; run the purge again to go on`);
    }
    if (options.dryRun === true) progress.done('a dry run: nothing was changed');
    else progress.done(`nothing of ${stage.prefix} is left in the way; destroy its stacks with ${destroyWith(stage)}`);
  });
}

function destroyWith({ place, stage }: { place: string; stage: string }): string {
  return place === 'aws' ? `\`npx cdk destroy --all -c stage=${stage}\`` : '`npx fleetwright destroy`';
}
