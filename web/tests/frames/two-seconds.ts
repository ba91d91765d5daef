/** Holds up whoever imports it. */

const until = performance.now() + 2000;
while (performance.now() < until);

export {};
