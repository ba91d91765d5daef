/** Prints what joining and following a group costs a browser's CPU, by size, as a table and at last as one line of JSON: `node mls/cost.mjs`. Exits with 1 where 300 members cost too much. */

import { ed25519, member } from "./member.mjs";

/** CPU milliseconds at 300 members. */
const LIMITS = { join_external: 400, process_external: 40, process_update: 40 };

function cost(act) {
  const before = process.cpuUsage();
  const value = act();
  const { user, system } = process.cpuUsage(before);
  return { value, ms: (user + system) / 1000 };
}

let isTooDear = false;
const table = [];
console.log("members  add_all  join_welcome  join_external  process_external  process_add  commit_update  process_update   (CPU ms; medians of 3)");
for (const size of [2, 10, 100, 300]) {
  const [anna, basil] = [await member(2), await member(1)];
  anna("create", { sender: (await ed25519()).publicKey });
  const packages = [basil("key_package")];
  while (packages.length < size - 1) packages.push((await member(1))("key_package"));
  const addAll = cost(() => anna("commit", { adds: packages }));
  anna("accepted");
  const joinWelcome = cost(() => basil("join_welcome", { welcome: addAll.value.welcome }));
  const rounds = [];
  for (let round = 0; round < 3; round += 1) {
    const newcomer = await member(1);
    const info = anna("info");
    const joinExternal = cost(() => newcomer("join_external", { info }));
    const processExternal = cost(() => basil("process", { message: joinExternal.value.commit }));
    anna("process", { message: joinExternal.value.commit });
    const add = anna("commit", { adds: [(await member(1))("key_package")] });
    anna("accepted");
    const processAdd = cost(() => basil("process", { message: add.commit }));
    const commitUpdate = cost(() => anna("commit", { update: true }));
    anna("accepted");
    const processUpdate = cost(() => basil("process", { message: commitUpdate.value.commit }));
    rounds.push([joinExternal.ms, processExternal.ms, processAdd.ms, commitUpdate.ms, processUpdate.ms]);
  }
  const medians = [0, 1, 2, 3, 4].map((at) => rounds.map((round) => round[at]).sort((a, b) => a - b)[1]);
  console.log([size, addAll.ms, joinWelcome.ms, ...medians].map((number) => number.toFixed(number === size ? 0 : 1)).join("  "));
  const [join_external, process_external, process_add, commit_update, process_update] = medians;
  const found = { members: size, add_all: addAll.ms, join_welcome: joinWelcome.ms, join_external, process_external, process_add, commit_update, process_update };
  table.push(found);
  for (const [what, limit] of Object.entries(LIMITS)) {
    if (size === 300 && found[what] > limit) {
      console.error(`${what}: ${found[what].toFixed(1)} ms, at most ${limit}`);
      isTooDear = true;
    }
  }
}
console.log(JSON.stringify(table));
process.exit(isTooDear ? 1 : 0);
