// Answers Cedar questions, one JSON document in, one JSON list out. The folder of the package is
// the first argument.
const cedar = require(process.argv[2]);
let text = "";
process.stdin.on("data", (part) => (text += part));
process.stdin.on("end", () => {
  const { sets, questions } = JSON.parse(text);
  const answers = questions.map(({ set, principal, action, resource, context }) => {
    const { policies, schema } = sets[set];
    const call = { principal, action, resource, context, schema, validateRequest: true };
    const said = cedar.isAuthorized({ ...call, policies, entities: [] });
    if (said.type !== "success") return { decision: "none", reason: [] };
    const { decision, diagnostics } = said.response;
    return { decision, reason: diagnostics.reason, errors: diagnostics.errors.length };
  });
  process.stdout.write(JSON.stringify(answers));
});
