/** Whatever the network answers in Rotunda's place, before or after Rotunda has rotated: the page is 503, and the session survives. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Api } from "./api.js";
import { Between, FAULTS } from "./between.js";
import { Rotunda, skip } from "./rotunda.js";
import { Site } from "./site.js";
import { Visitor, shows } from "./visitor.js";

describe("whatever the network answers", { skip, concurrency: 6 }, () => {
  let rotunda, names = 0;
  before(async () => {
    // A used token ends its session at once, unless its retry key comes along.
    rotunda = await Rotunda.start('[refresh]\nwindow = "0s"\n');
  });
  after(() => rotunda?.stop());

  for (const [name, fault] of Object.entries(FAULTS)) {
    for (const [when, place] of [["before Rotunda is asked", "fault"], ["after Rotunda has answered", "spoil"]]) {
      test(`${name}, ${when}: the session survives`, (t) => survives(t, place, fault));
    }
  }

  async function survives(t, place, fault) {
    const between = await Between.start(rotunda.url);
    const api = await Api.start(rotunda);
    t.after(() => {
      between.stop();
      api.stop();
    });
    const open = async (store) => {
      const site = await Site.start({ rotunda: between.url, client: rotunda.client, api: api.url, store });
      t.after(() => site.stop());
      return site;
    };
    const { url, store } = await open();
    const email = await rotunda.user(`ada${++names}@example.com`);
    const visitor = new Visitor(url);
    await visitor.signIn(email);
    shows(await visitor.go("/dashboard"));
    api.wearOut();
    between[place] = fault;
    const away = await visitor.go("/dashboard");
    assert.equal(away.status, 503, away.page);
    assert.equal(away.headers["set-cookie"], undefined);
    between[place] = undefined;
    // As another process finds it: what waits between two attempts is gone.
    visitor.site = (await open(store)).url;
    shows(await visitor.go("/dashboard"));
    const [{ generation }] = await rotunda.sessions(email);
    assert.ok(generation > 0);
  }
});
