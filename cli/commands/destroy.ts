import { setTimeout as pause } from 'node:timers/promises';
import { DeleteStackCommand, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import { Failure } from '../failure.ts';
import { withClients } from '../operator/clients.ts';
import { confirm } from '../operator/confirm.ts';
import { openStage, type StageOptions } from '../operator/stage.ts';
import { stageResources, stageStacks } from '../operator/stage-stacks.ts';
import { createProgress } from '../output/progress.ts';

export interface DestroyOptions extends StageOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** ms between two looks at a deletion. */
const POLL = 250;

/**
 * `fleetwright destroy`: deletes the stacks of a stage from the local cloud, the last deployed first, as `cdk destroy`
 * does on AWS. What could not be deleted is named with its reason; another run goes on from there.
 */
export async function destroy(options: DestroyOptions): Promise<void> {
  const stage = openStage(options);
  if (stage.place === 'aws') {
    throw new Failure(`on AWS the CDK destroys its stacks: \`npx cdk destroy --all -c stage=${stage.stage}\``);
  }
  const progress = createProgress(process.stderr, false);
  await withClients(stage, async ({ cloudFormation }) => {
    const found = await stageStacks(cloudFormation, stage);
    const age = ({ CreationTime }: Stack): number => CreationTime?.getTime() ?? 0;
    const stacks = [...found.stacks].sort((left, right) => age(left) - age(right));
    if (stacks.length === 0) return progress.done(`no stack of ${stage.prefix} is deployed`);
    const names = stacks.map(({ StackName = '' }) => StackName).reverse();
    await confirm(`This deletes ${names.join(' and ')}.`, stage.prefix, options.yes);
    for (const { StackId, StackName } of [...stacks].reverse()) {
      progress.step(`deleting ${StackName}`);
      await cloudFormation.send(new DeleteStackCommand({ StackName }));
      let stack: Stack | undefined;
      do {
        await pause(POLL);
        stack = (await cloudFormation.send(new DescribeStacksCommand({ StackName: StackId }))).Stacks?.[0];
      } while (stack?.StackStatus === 'DELETE_IN_PROGRESS');
      if (stack?.StackStatus === 'DELETE_COMPLETE') {
        progress.done(`${StackName} is deleted`);
        continue;
      }
      const resources = await stageResources(cloudFormation, {
        stacks: [{ ...stack } as Stack],
        outputs: {},
        otherPrefixes: [],
      });
      const failed = resources.filter(({ status }) => status === 'DELETE_FAILED');
      if (options.json === true) process.stdout.write(`${JSON.stringify({ stage: stage.prefix, failed })}\n`);
      throw new Failure(
        [
          `${StackName} is ${stack?.StackStatus}: ${stack?.StackStatusReason ?? ''}`,
          ...failed.map(({ logicalId, reason, type }) => `  ${logicalId} (${type}): ${reason}`),
          'Remove what is in the way, with `npx fleetwright purge`, and destroy again.',
        ].join('\n'),
      );
    }
    if (options.json === true) process.stdout.write(`${JSON.stringify({ stage: stage.prefix, failed: [] })}\n`);
  });
}
