import { type Command, InvalidArgumentError, Option } from 'commander';

const number =
  (least: number, most: number, whole: boolean) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= least && value <= most) || (whole && !Number.isInteger(value))) {
      throw new InvalidArgumentError(`expected a ${whole ? 'whole ' : ''}number from ${least} to ${most}.`);
    }
    return value;
  };
const count = (least: number, most: number) => number(least, most, true);
const percent = number(0, 100, false);
const list = (value: string, before: readonly string[] = []): string[] => [...before, ...value.split(',')];
const each = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** Options that begin a campaign; see `docs/updates.md`. */
function withCampaign(command: Command): Command {
  return command
    .option('--canary-group <name>', 'first wave: the members of an existing static group')
    .addOption(new Option('--canary-percent <n>', 'first wave: a share of all devices').argParser(percent))
    .addOption(new Option('--canary-at-least <n>', 'first wave: devices at least').argParser(count(1, 1_000_000)))
    .option('--waves <shares>', 'percent of all devices that have had their turn after each wave, such as 25,100')
    .addOption(new Option('--success-percent <n>', 'successes that a wave needs').argParser(percent))
    .addOption(
      new Option('--health-percent <n>', 'healthy devices that a wave needs after its soak').argParser(percent),
    )
    .option('--soak <time>', 'wait between a wave and the look at its health, such as 30m')
    .addOption(new Option('--abort-percent <n>', 'failures that stop a wave at once').argParser(percent))
    .addOption(new Option('--abort-minimum <n>', '… of so many ended devices').argParser(count(1, 1_000_000)))
    .addOption(new Option('--rate <n>', 'devices a minute at most').argParser(count(1, 1_000)))
    .option('--rates-grow <growth>', 'such as 10x2@50: from 10 a minute, twice after each 50 successes')
    .addOption(new Option('--device-minutes <n>', 'time that a device has').argParser(count(1, 10_080)))
    .option('--wave-time <time>', 'time that a wave has, such as 7d')
    .addOption(new Option('--retries <n>', 'further attempts of a device').argParser(count(0, 10)))
    .option('--window <window>', "maintenance window, such as 'cron(0 2 * * ? *)/120'; may be repeated", each)
    .option('--include-unknown-hardware', 'also devices whose hardware revision is not known');
}

/** `fleetwright ota …`. What only operators use is loaded when they do. */
export function registerOtaCommands(program: Command, onStage: (command: Command) => Command): void {
  const ota = program.command('ota').description('firmware: signed releases, and campaigns that carry them to devices');
  const campaigns = () => import('../commands/ota-campaign.ts');
  const keyCommands = () => import('../commands/ota-keys.ts');

  withCampaign(onStage(ota.command('publish')))
    .description('upload firmware, wait until it is checked and signed, and begin a campaign')
    .argument('<version>', 'major.minor.patch')
    .argument('<image>', 'file that devices install')
    .requiredOption('--hardware <revisions>', 'hardware revisions that it is for, separated by commas')
    .option('--device-types <names>', "device types that it is for (default: all of the stage's)")
    .option('--minimum <version>', 'no device that has confirmed this release goes below it any more (default: 0.0.0)')
    .option('--installable-from <version>', 'what a device must run at least')
    .option('--from <versions>', 'released versions to build deltas from, separated by commas', list)
    .option('--expires <time>', 'no device begins this update after it', '365d')
    .addOption(new Option('--chunk-size <bytes>', 'what devices verify at a time').argParser(count(4_096, 16_777_216)))
    .option('--no-campaign', 'only release it')
    .action(async (version, image, options) =>
      (await import('../commands/ota-publish.ts')).otaPublish(version, image, options),
    );

  withCampaign(onStage(ota.command('start')))
    .description('begin a campaign with firmware that is released')
    .argument('<version>', 'major.minor.patch')
    .action(async (version, options) => (await campaigns()).otaStart(version, options));

  onStage(ota.command('status'))
    .description('a campaign, or all releases, refused uploads and campaigns')
    .argument('[campaign]', 'id of a campaign')
    .option('--wait', 'with a campaign: until it has ended or is paused; exit code 1 unless it succeeded')
    .action(async (campaign, options) => (await campaigns()).otaStatus(campaign, options));

  for (const [order, what] of [
    ['pause', 'no further device begins; those that are at it go on'],
    ['resume', 'go on with a paused campaign'],
    ['abort', 'end a campaign for good; devices that are at it go on'],
  ] as const) {
    onStage(ota.command(order))
      .description(what)
      .argument('<campaign>', 'id of a campaign')
      .action(async (campaign, options) => (await campaigns()).otaOrder(order, campaign, options));
  }

  onStage(ota.command('history'))
    .description('what campaigns meant for one device, the newest first')
    .argument('<name>', 'thing name or serial number')
    .action(async (name, options) => (await campaigns()).otaHistory(name, options));

  const keys = ota.command('keys').description('keys that sign firmware, and that devices trust');
  keys
    .command('root')
    .description('make the offline root key, which vouches for key sets')
    .requiredOption('--out <file>', 'new file for the private key')
    .action(async (options) => (await keyCommands()).otaKeysRoot(options));

  onStage(keys.command('certificate'))
    .description('make a code-signing certificate for AWS Signer')
    .requiredOption('--out <dir>', 'directory for certificate and private key')
    .option('--common-name <name>', 'subject of the certificate', 'Firmware signing')
    .addOption(new Option('--years <n>', 'how long it is valid').argParser(count(1, 30)).default(10))
    .option('--import', 'import it into ACM, and print its ARN')
    .action(async (options) => (await keyCommands()).otaKeysCertificate(options));

  onStage(keys.command('set'))
    .description('sign the set of keys that devices trust')
    .requiredOption('--root <file>', 'private root key')
    .requiredOption('--out <file>', 'file for the signed key set')
    .option('--previous <file>', 'key set that devices have (default: the published one)')
    .option('--add-root <files>', 'further public root keys', list)
    .option('--withdraw <ids>', 'ids of keys that devices must no longer trust', list)
    .option('--publish', 'send it to devices along with updates')
    .action(async (options) => (await keyCommands()).otaKeysSet(options));
}
