import { z } from 'zod';

const seconds = (least: number, most: number) => z.int().min(least).max(most);

/** Settings of the twin stack. */
export const twinSchema = z.strictObject({
  drift: z
    .strictObject({
      /** A desired value that is not reported for this long is an alert. */
      raiseAfterSeconds: seconds(1, 604_800).default(300),
      /** … which is cleared when nothing has drifted for this long. */
      clearAfterSeconds: seconds(1, 604_800).default(60),
    })
    .prefault({}),
  presence: z
    .strictObject({
      /** Wait between a disconnect and its verification (IoT developer guide, "Handling client disconnections"). */
      settleSeconds: seconds(1, 900).default(5),
      /** A device that connects `flapLimit` times in the window flaps: its changes are held back. */
      flapWindowSeconds: seconds(10, 86_400).default(600),
      flapLimit: z.int().min(2).max(50).default(5),
      flapHoldSeconds: seconds(1, 86_400).default(120),
      /** A device that is offline for this long is an alert. */
      offlineAlertSeconds: seconds(1, 604_800).default(3_600),
    })
    .prefault({}),
  commands: z
    .strictObject({
      /** How long a command is remembered after its deadline, in days. */
      keepDays: z.int().min(1).max(3650).default(90),
    })
    .prefault({}),
});

export type TwinSettings = z.infer<typeof twinSchema>;
