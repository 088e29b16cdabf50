import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { withClients } from '../operator/clients.ts';
import { platformContext, type Stage, stageSetting } from '../operator/stage.ts';
import { stageResources, stageStacks } from '../operator/stage-stacks.ts';
import { synthesize } from '../processes/synthesize.ts';
import { probeBootstrap, probeIot, probeQuotas, probeTimestream } from './probe-account.ts';
import { probeNames } from './probe-names.ts';
import { answerOf, judgeStack, ok, type Row, stop, unanswered } from './rows.ts';
import { assemblyTemplates, countOf, templateNames } from './template-names.ts';

/**
 * Checks an account and region before a deploy of a stage. Changes nothing.
 * @throws Failure when the app does not synthesize
 */
export async function runPreflight(stage: Stage, onPart: (part: string) => void): Promise<Row[]> {
  return withClients(stage, async (clients) => {
    onPart('credentials');
    const sts = clients.of(STSClient);
    const region = await answerOf(async () => sts.config.region());
    if ('error' in region) {
      return [stop('region', 'none is configured', 'set AWS_REGION, or name one with --region')];
    }
    const identity = await answerOf(() => sts.send(new GetCallerIdentityCommand({})));
    if ('error' in identity) {
      const change = 'sign in (`aws sso login`, `aws configure`), or set AWS_PROFILE';
      return [stop('credentials', `AWS does not take them: ${identity.message}`, change)];
    }
    const { Account: account = '', Arn: arn } = identity.value;
    const rows: Row[] = [ok('credentials', `${arn} in ${region.value}`), ...boundTo(stage, account, region.value)];

    onPart('bootstrap');
    rows.push(
      stage.place === 'local'
        ? ok('CDK bootstrap', 'the local cloud needs none')
        : await probeBootstrap(clients, `aws://${account}/${region.value}`),
    );
    if ((stageSetting(platformContext(), stage, 'hotStore') ?? 'timestream') === 'timestream') {
      onPart('Timestream');
      rows.push(await probeTimestream(clients));
    }
    onPart('AWS IoT');
    rows.push(...(await probeIot(clients)));

    onPart('what the stacks need');
    const directory = mkdtempSync(join(tmpdir(), 'fleetwright-preflight-'));
    try {
      await synthesize(directory, { stage: stage.stage });
      const templates = assemblyTemplates(directory);
      const found = await answerOf(async () => {
        const stacks = await stageStacks(clients.cloudFormation, stage);
        return { stacks: stacks.stacks, resources: await stageResources(clients.cloudFormation, stacks) };
      });
      if ('error' in found) return [...rows, unanswered('stacks and names', found)];
      for (const { StackName = '', StackStatus = '' } of found.value.stacks)
        rows.push(judgeStack(StackName, StackStatus));
      const own = new Set(found.value.resources.map(({ physicalId, type }) => `${type} ${nameOf(type, physicalId)}`));
      const names = templates.flatMap(templateNames).filter(({ name, type }) => !own.has(`${type} ${name}`));
      const rules = names.filter(({ type }) => type === 'AWS::IoT::TopicRule').length;
      rows.push(...(await probeQuotas(clients, rules)));
      const total = templates.flatMap(templateNames).length;
      if (names.length < total) rows.push(ok('names', `${total - names.length} are this stage's already`));
      rows.push(...summarized(await probeNames(clients, names)));
      rows.push(
        ok('resources', `${templates.length} stacks with ${countOf(templates, 'AWS::Lambda::Function')} functions`),
      );
      return rows;
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
}

/** A stage may be bound to an account and a region by `env`. */
function boundTo(stage: Stage, account: string, region: string): Row[] {
  const env = stageSetting(platformContext(), stage, 'env') as { account?: string; region?: string } | undefined;
  const rows: Row[] = [];
  if (env?.account !== undefined && env.account !== account) {
    rows.push(
      stop(
        'account',
        `the stage belongs to ${env.account}, and these credentials to ${account}`,
        'sign in to the other account',
      ),
    );
  }
  if (env?.region !== undefined && env.region !== region) {
    rows.push(stop('region', `the stage belongs to ${env.region}, not ${region}`, `pass --region ${env.region}`));
  }
  return rows;
}

/** Free names are one row: what is taken should not drown among them. */
function summarized(rows: readonly Row[]): Row[] {
  const free = rows.filter(({ status }) => status === 'ok');
  const others = rows.filter(({ status }) => status !== 'ok');
  return free.length === 0 ? [...others] : [...others, ok('names', `${free.length} are free`)];
}

/** `Ref` of a secret is its ARN, which ends in its name and six random characters. */
function nameOf(type: string, physicalId: string): string {
  if (type === 'AWS::SQS::Queue') return physicalId.slice(physicalId.lastIndexOf('/') + 1);
  if (type !== 'AWS::SecretsManager::Secret') return physicalId;
  return physicalId.replace(/^arn:.*:secret:/, '').replace(/-[A-Za-z0-9]{6}$/, '');
}
