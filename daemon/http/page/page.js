'use strict';
// The page of ninesd: polls AvailabilityService.ListTargets over the Connect protocol and shows what it says. It computes nothing: percentages and
// durations are the daemon's. Everything from outside goes into the page as text, never as markup.

const POLL_MS = 2000;
const TIMEOUT_MS = 8000;
const PAGE_SIZE = 1000;
const STATES = ['down', 'degraded', 'unknown', 'up', 'excluded'];  // worst first

// A state is told by colour, shape and word.
const MARKS = {
  up: 'M10 1a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM8.7 14.3L4.6 10.2l1.6-1.6 2.5 2.5 5.2-5.2 1.6 1.6z',
  degraded: 'M10 1.2L19.4 18H.6zM9 7v5.4h2V7zM9 14v2h2v-2z',
  down: 'M2 2h16v16H2zM6.9 5.4L5.4 6.9 8.5 10l-3.1 3.1 1.5 1.5L10 11.5l3.1 3.1 1.5-1.5L11.5 10l3.1-3.1-1.5-1.5L10 8.5z',
  unknown: 'M10 .6L19.4 10 10 19.4.6 10zM10 4.4L4.4 10l5.6 5.6 5.6-5.6z',
  excluded: 'M10 1a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM10 3.2a6.8 6.8 0 1 1 0 13.6a6.8 6.8 0 0 1 0-13.6zM5.5 9h9v2h-9z',
};
const VERDICT_TONE = {met: 'up', breached: 'down', undetermined: 'unknown', not_applicable: 'excluded'};

const memory = {
  get(key) { try { return localStorage.getItem('nines.' + key); } catch { return null; } },
  set(key, value) { try { localStorage.setItem('nines.' + key, value); } catch { /* private mode: forgotten at reload */ } },
};

const byId = (id) => document.getElementById(id);
// What is filtered is in the address, so that a wall screen can be given one: #provider=a&state=down
const hash = new URLSearchParams(location.hash.slice(1));
const view = {
  language: hash.get('lang') || memory.get('language') || ((navigator.language || '').startsWith('zh') ? 'zh' : 'en'),
  theme: hash.get('theme') || memory.get('theme') || 'auto',
  order: hash.get('order') || memory.get('order') || 'worst',
  provider: hash.get('provider') || '', agency: hash.get('agency') || '', state: hash.get('state') || '', search: '',
};
if (!TEXTS[view.language]) view.language = 'en';

let answer = null;    // {targets, now} of the last answer
let trouble = null;   // () => text
const rows = new Map();  // target id → row

function text(key, ...values) {
  return TEXTS[view.language][key].replace(/\{(\d)\}/g, (whole, index) => values[index]);
}

function element(tag, className, content) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (content !== undefined) made.textContent = content;
  return made;
}

function mark(state) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('class', 'mark is-' + state);
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', MARKS[state]);
  path.setAttribute('fill', 'currentColor');
  path.setAttribute('fill-rule', 'evenodd');
  svg.append(path);
  return svg;
}

const stateOf = (value) => MARKS[String(value || '').replace('STATE_', '').toLowerCase()] ? value.replace('STATE_', '').toLowerCase() : 'unknown';
const verdictOf = (value) => {
  const word = String(value || '').replace('VERDICT_', '').toLowerCase();
  return VERDICT_TONE[word] ? word : 'undetermined';
};
const labelOf = (name, id) => (view.language === 'zh' ? name?.zh || name?.en : name?.en || name?.zh) || id;
const nameOf = (target) => labelOf(target.name, target.target_id);

// 999000 → "99.9", by moving the point.
function ppmText(ppm) {
  const digits = String(ppm).padStart(7, '0');
  return digits.slice(0, -4).replace(/^0+(?=\d)/, '') + ('.' + digits.slice(-4)).replace(/\.?0+$/, '');
}

// How many times faster than allowed: 1388888 → "1.38", by moving the point; never rounded up.
function rateText(ppm) {
  const digits = String(ppm).padStart(7, '0');
  const short = digits.slice(0, -6) + ('.' + digits.slice(-6, -4)).replace(/\.?0+$/, '');
  return short === '0' && Number(ppm) > 0 ? '<0.01' : short;
}

// The two largest units that matter: 3 d 4 h, 12 min 30 s, 800 ms.
function durationText(ms) {
  let rest = Math.abs(Number(ms));
  if (rest < 1000) return rest === 0 ? '0 ' + text('s') : rest + ' ' + text('ms');
  const parts = [];
  for (const [unit, length] of [['d', 86400000], ['h', 3600000], ['min', 60000], ['s', 1000]]) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) parts.push(count + ' ' + text(unit));
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}

const pad = (number) => String(number).padStart(2, '0');
function timeText(time) {
  const at = new Date(time);
  const day = `${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
  const year = at.getFullYear() === new Date().getFullYear() ? '' : at.getFullYear() + '-';
  return `${year}${day} ${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}

// Writes only what differs, so that what a reader selected or opened stays as it is.
function put(node, content) {
  if (node.textContent !== content) node.textContent = content;
}
function rebuild(node, key, build) {
  if (node.dataset.key === key) return;
  node.dataset.key = key;
  node.replaceChildren(...build());
}

function makeRow() {
  const row = {root: element('article', 'target'), parts: {}};
  const column = (name) => row.root.appendChild(element('div', name));
  const part = (name, parent, tag, className) => (row.parts[name] = parent.appendChild(element(tag, className)));
  const state = column('state');
  part('badge', state, 'span', 'badge');
  part('since', state, 'div', 'since');
  const who = column('who');
  part('name', who, 'div', 'name');
  part('where', who, 'div', 'where');
  const month = column('month');
  part('monthLabel', month, 'span', 'label');
  part('percent', month, 'div', 'percent');
  part('verdict', month, 'div', 'verdict');
  row.budget = column('budget');
  part('budgetLabel', row.budget, 'span', 'label');
  row.bar = row.budget.appendChild(element('div', 'bar')).appendChild(element('div'));
  part('left', row.budget, 'span', 'left');
  row.budget.append(' ');
  part('budgetOf', row.budget, 'span', 'note');
  part('pace', row.budget, 'div', 'pace');
  part('last', column('recent'), 'div');
  const details = row.root.appendChild(element('details'));
  part('summary', details, 'summary');
  part('more', details, 'div', 'more');
  return row;
}

function showRow(row, target, now) {
  const {parts} = row;
  const state = stateOf(target.state);
  const month = target.month || {};
  if (row.root.className !== 'target is-' + state) row.root.className = 'target is-' + state;
  rebuild(parts.badge, view.language + state, () => [mark(state), element('span', '', text(state))]);
  put(parts.since, target.since_time ? text('since', durationText(Math.max(0, now - Date.parse(target.since_time)))) : '');
  put(parts.name, nameOf(target));
  put(parts.where, [labelOf(target.agency_name, target.agency_id), target.system_id, labelOf(target.provider_name, target.provider_id), target.region_id].filter(Boolean).join(' · '));
  put(parts.monthLabel, text('month', target.period_label || ''));
  const percent = month.availability_percent;
  rebuild(parts.percent, view.language + percent, () => percent === undefined || percent === null
    ? [element('span', '', '–'), element('small', '', ' ' + text('nothing'))]
    : [element('span', '', percent), element('small', '', '%')]);
  const verdict = verdictOf(month.verdict);
  parts.verdict.className = 'verdict is-' + VERDICT_TONE[verdict];
  rebuild(parts.verdict, [view.language, verdict, target.objective_ppm].join(), () => [
    mark(VERDICT_TONE[verdict]), element('span', '', text(verdict)),
    element('span', 'note', text('objective', ppmText(target.objective_ppm)))]);
  showBudget(row, target.budget || {});
  showPace(parts.pace, target.spending || {}, now);
  showLast(parts.last, (target.last_outages || [])[0]);
  put(parts.summary, text('details'));
  showMore(parts.more, target, month);
}

function showBudget(row, budget) {
  const total = Number(budget.budget_ms || 0);
  const left = Number(budget.left_ms || 0);
  const share = total > 0 ? Math.max(0, Math.min(1, left / total)) : 0;
  const over = left < 0;
  row.budget.className = over ? 'budget over' : 'budget';
  row.bar.className = over || share < 0.1 ? 'is-down' : share < 0.35 ? 'is-degraded' : 'is-up';
  row.bar.style.width = (share * 100).toFixed(2) + '%';
  put(row.parts.budgetLabel, text('budget'));
  put(row.parts.left, total === 0 && left === 0 ? text('noBudget') : over ? text('over', durationText(left)) : text('left', durationText(left)));
  put(row.parts.budgetOf, total === 0 ? '' : text('of', durationText(total)));
}

const HOUR_MS = 3600000;
const FAST_PPM = 1000000;     // more than the objective allows
const URGENT_PPM = 14400000;  // a fiftieth of a month's budget in an hour

// Only what an operator should know at once: a budget that goes too fast, or that ends before the month does.
function showPace(node, spending, now) {
  const hour = (spending.burn_rates || []).find((rate) => Number(rate.window_ms) === HOUR_MS);
  const lines = [];
  if (hour && Number(hour.rate_ppm || 0) >= FAST_PPM) lines.push(text('pace', rateText(hour.rate_ppm)));
  if (spending.budget_ends_time) {
    lines.push(text('ends', durationText(Math.max(0, Date.parse(spending.budget_ends_time) - now)), timeText(spending.budget_ends_time)));
  }
  node.hidden = lines.length === 0;
  rebuild(node, lines.join('\n'), () => lines.map((line) => element('div', '', line)));
}

function burnItems(spending) {
  return (spending.burn_rates || []).map((rate) => {
    const known = rate.rate_ppm !== undefined && rate.rate_ppm !== null;
    const ppm = Number(rate.rate_ppm || 0);
    const item = element('li');
    item.append(mark(!known ? 'unknown' : ppm >= URGENT_PPM ? 'down' : ppm > FAST_PPM ? 'degraded' : 'up'),
      element('span', '', durationText(rate.window_ms)), element('span', 'note', known ? text('rate', rateText(rate.rate_ppm)) : text('nothing')));
    return item;
  });
}

function lengthText(outage) {
  return text(outage.end_time ? 'lasted' : 'lastsFor', durationText(Number(outage.end_ms) - Number(outage.start_ms)));
}

function showLast(node, outage) {
  rebuild(node, view.language + JSON.stringify(outage || ''), () => outage
    ? [element('span', 'label', text('lastOutage')), element('div', 'when', timeText(outage.start_time)),
      element('div', outage.end_time ? 'note' : 'note open', lengthText(outage))]
    : [element('span', 'label', text('noOutage'))]);
}

function listOf(title, items, none) {
  const list = element('ul');
  list.append(...items);
  const block = element('section');
  block.append(element('h3', '', title), items.length > 0 ? list : element('span', 'note', none));
  return block;
}

function showMore(node, target, month) {
  const key = view.language + JSON.stringify([target.last_outages, target.checks, month, target.spending]);
  rebuild(node, key, () => {
    const outages = (target.last_outages || []).map((outage) => {
      const item = element('li');
      item.append(mark('down'), element('span', '', timeText(outage.start_time)), element('span', 'note', lengthText(outage)));
      return item;
    });
    const checks = (target.checks || []).map((check) => {
      const state = stateOf(check.state);
      const item = element('li');
      item.append(mark(state), element('span', '', check.check_id), element('span', 'note',
        text(state) + ' · ' + (check.last_result_time ? text('lastResult', timeText(check.last_result_time)) : text('noResult'))));
      return item;
    });
    return [accountOf(month), listOf(text('burn'), burnItems(target.spending || {}), text('nothing')), listOf(text('outages'), outages, text('noOutage')), listOf(text('checks'), checks, text('noChecks'))];
  });
}

function accountOf(month) {
  const block = element('section');
  const strip = element('div', 'strip');
  const list = element('ul');
  for (const state of ['up', 'degraded', 'down', 'unknown', 'excluded']) {
    const length = Number(month[state + '_ms'] || 0);
    if (length === 0) continue;
    const piece = strip.appendChild(element('div', 'is-' + state));
    piece.style.flexGrow = String(length);
    const item = element('li');
    item.append(mark(state), element('span', '', text(state)), element('span', 'note', durationText(length)));
    list.append(item);
  }
  const facts = [text('coverage', ppmText(month.coverage_ppm || 0))];
  if (month.lower_percent && month.upper_percent && month.lower_percent !== month.upper_percent) {
    facts.push(text('bounds', month.lower_percent, month.upper_percent));
  }
  block.append(element('h3', '', text('account')), strip, list, element('span', 'note', facts.join(' · ')));
  return block;
}

// Worst: by state, then what is left of the budget.
function compare(a, b) {
  if (view.order === 'worst') {
    const states = STATES.indexOf(stateOf(a.state)) - STATES.indexOf(stateOf(b.state));
    if (states !== 0) return states;
    const left = Number((a.budget || {}).left_ms || 0) - Number((b.budget || {}).left_ms || 0);
    if (left !== 0) return left;
  }
  return nameOf(a).localeCompare(nameOf(b), view.language) || (a.target_id < b.target_id ? -1 : 1);
}

function matches(target) {
  if (view.provider && target.provider_id !== view.provider) return false;
  if (view.agency && target.agency_id !== view.agency) return false;
  if (!view.search) return true;
  const name = target.name || {};
  return [target.target_id, name.zh, name.en, target.system_id, target.agency_id, target.provider_id]
    .some((field) => String(field || '').toLowerCase().includes(view.search.toLowerCase()));
}

function showSummary(targets) {
  const counts = {};
  for (const target of targets) counts[stateOf(target.state)] = (counts[stateOf(target.state)] || 0) + 1;
  rebuild(byId('summary'), JSON.stringify([view.language, view.state, counts, targets.length]), () =>
    ['', ...STATES].map((state) => {
      const count = state ? counts[state] || 0 : targets.length;
      const button = element('button', (state ? 'is-' + state : '') + (count === 0 ? ' none' : ''));
      button.type = 'button';
      button.setAttribute('aria-pressed', String(view.state === state));
      if (state) button.append(mark(state));
      button.append(element('span', 'count', String(count)), element('span', 'word', text(state || 'targets')));
      button.addEventListener('click', () => choose('state', view.state === state ? '' : state));
      return button;
    }));
}

function showOptions(id, options, chosen) {
  const select = byId(id);
  rebuild(select, JSON.stringify([view.language, options]), () => options.map(([value, label]) => {
    const option = element('option', '', label);
    option.value = value;
    return option;
  }));
  if (select.value !== chosen) select.value = chosen;
}

// `of` is provider or agency.
function optionsOf(of, chosen) {
  const labels = new Map((answer ? answer.targets : []).filter((target) => target[of + '_id'])
    .map((target) => [target[of + '_id'], labelOf(target[of + '_name'], target[of + '_id'])]));
  if (chosen && !labels.has(chosen)) labels.set(chosen, chosen);
  return [['', text('everything')], ...[...labels].sort((a, b) => (a[0] < b[0] ? -1 : 1))];
}

function showFrame() {
  document.documentElement.lang = view.language === 'zh' ? 'zh-CN' : 'en';
  const dark = view.theme === 'dark' || (view.theme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  document.title = 'nines · ' + text('title');
  for (const node of document.querySelectorAll('[data-text]')) put(node, text(node.dataset.text));
  put(byId('language'), text('other'));
  put(byId('theme'), text('theme_' + view.theme));
  put(byId('subtitle'), text('title') + (answer ? ' · ' + text('asOf', timeText(answer.now)) : ''));
  put(byId('footer'), text('zone', Intl.DateTimeFormat().resolvedOptions().timeZone));
  showOptions('provider', optionsOf('provider', view.provider), view.provider);
  showOptions('agency', optionsOf('agency', view.agency), view.agency);
  showOptions('order', [['worst', text('byWorst')], ['name', text('byName')]], view.order);
  byId('trouble').hidden = trouble === null;
  put(byId('trouble'), trouble === null ? '' : trouble());
  document.body.classList.toggle('stale', trouble !== null && answer !== null);
}

function show() {
  showFrame();
  const filtered = (answer ? answer.targets : []).filter(matches);
  showSummary(filtered);
  const listed = filtered.filter((target) => !view.state || stateOf(target.state) === view.state).sort(compare);
  const ids = new Set(listed.map((target) => target.target_id));
  for (const [id, row] of rows) {
    if (ids.has(id)) continue;
    row.root.remove();
    rows.delete(id);
  }
  const list = byId('targets');
  const now = answer ? Date.parse(answer.now) : 0;
  listed.forEach((target, index) => {
    if (!rows.has(target.target_id)) rows.set(target.target_id, makeRow());
    const row = rows.get(target.target_id);
    showRow(row, target, now);
    if (list.children[index] !== row.root) list.insertBefore(row.root, list.children[index] || null);
  });
  byId('empty').hidden = listed.length > 0 || (answer === null && trouble !== null);
  put(byId('empty'), answer === null ? text('loading') : answer.targets.length === 0 ? text('noTargets') : text('noMatch'));
}

function choose(key, value) {
  view[key] = value;
  if (['language', 'theme', 'order'].includes(key)) memory.set(key, value);
  const shown = new URLSearchParams();
  for (const name of ['provider', 'agency', 'state']) if (view[name]) shown.set(name, view[name]);
  history.replaceState(null, '', shown.toString() === '' ? location.pathname : '#' + shown);
  show();
}

async function call(method, request) {
  const response = await fetch('/nines.v1.AvailabilityService/' + method, {
    method: 'POST',
    headers: {'Content-Type': 'application/json', 'Connect-Protocol-Version': '1', 'Connect-Timeout-Ms': String(TIMEOUT_MS)},
    body: JSON.stringify(request),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const said = await response.json().catch(() => ({}));
  if (response.ok) return said;
  const refusal = new Error(said.message || 'HTTP ' + response.status);
  refusal.status = response.status;
  throw refusal;
}

async function listTargets() {
  const targets = [];
  for (let token = ''; ;) {
    const page = await call('ListTargets', {page_size: PAGE_SIZE, page_token: token});
    targets.push(...(page.targets || []));
    token = page.next_page_token;
    if (!token) return {targets, now: page.now};
  }
}

function troubleOf(error) {
  if (error.status === 503) return () => text('starting');
  if (error.status) return () => text('refused', error.message);
  return () => answer ? text('silent', timeText(answer.now)) : text('silentFirst');
}

async function poll() {
  try {
    answer = await listTargets();
    trouble = null;
  } catch (error) {
    trouble = troubleOf(error);
  }
  show();
  setTimeout(poll, POLL_MS);
}

byId('language').addEventListener('click', () => choose('language', view.language === 'zh' ? 'en' : 'zh'));
byId('theme').addEventListener('click', () => choose('theme', {auto: 'light', light: 'dark', dark: 'auto'}[view.theme] || 'auto'));
for (const id of ['provider', 'agency', 'order']) byId(id).addEventListener('change', (event) => choose(id, event.target.value));
byId('search').addEventListener('input', (event) => choose('search', event.target.value));
byId('filters').addEventListener('submit', (event) => event.preventDefault());
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
show();
poll();
