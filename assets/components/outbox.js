// What a person did that the server has not confirmed yet, put before an element's own file. Streamlit
// keeps one value of a trigger: of two in one tick, or two while a page is drawn, only the later one.
// So each message repeats all that are not confirmed, under running numbers, and Python (acts.py)
// takes each number once. It outlives the element: what another page cut off is sent on coming back.
const OUTBOX = { last: 0, acts: [] };

function sendAct(act, trigger) {
  OUTBOX.acts.push({ n: ++OUTBOX.last, ...act });
  trigger("acts", [...OUTBOX.acts]);
  return OUTBOX.last;
}

// fresh: whether the element has just come.
function confirmActs(done, fresh, trigger) {
  OUTBOX.acts = OUTBOX.acts.filter((act) => act.n > done);
  if (fresh && OUTBOX.acts.length) trigger("acts", [...OUTBOX.acts]);
}
