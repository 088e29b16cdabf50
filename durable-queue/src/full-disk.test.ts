import { canMakeSmallDisk, FULL_DISK_SAMPLE, runFullDisk } from './testing/run-full-disk.ts';

const onSmallDisk = canMakeSmallDisk() ? test : test.skip;

onSmallDisk(
  'a real full disk takes the oldest of the least urgent, every item counted, over a kill; alarms stay',
  () => {
    const { dropped, promised, wrong } = runFullDisk(FULL_DISK_SAMPLE);
    expect(wrong).toEqual([]);
    expect(promised).toBeGreaterThan(20_000);
    expect(dropped).toBeGreaterThan(10_000);
  },
  300_000,
);
