'use strict';

// Whatever comes from a person or the server enters the page as text (textContent, setAttribute), never as markup.
const byId = (id) => document.getElementById(id);
const SVG = 'http://www.w3.org/2000/svg';
const CHART = { width: 480, height: 260, left: 58, right: 14, top: 14, bottom: 30 };

let model = null;
let job = null;
let points = [];

function element(name, attributes = {}, text = '') {
  const made = document.createElement(name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  made.textContent = text;
  return made;
}

async function ask(path, options = {}) {
  const headers = { ...options.headers };
  if (byId('token').value) {
    headers.Authorization = 'Bearer ' + byId('token').value;
  }
  const answer = await fetch(path, { ...options, headers });
  if (answer.status === 401) {
    byId('token-field').hidden = false;
  }
  if (!answer.ok) {
    const told = await answer.json().catch(() => null);
    throw new Error(told && told.error ? told.error.message : 'The server answered ' + answer.status + '.');
  }
  return answer;
}

async function connect() {
  const list = await (await ask('/v1/models')).json();
  model = list.data[0];
  byId('model').textContent = model.id + ', ' + model.size;
  byId('prompt-field').hidden = model.takes !== 'prompt';
  byId('negative-field').hidden = model.takes !== 'prompt';
  byId('prompt').disabled = model.takes !== 'prompt';
  byId('prompt').maxLength = model.limits.prompt;
  byId('class-field').hidden = model.takes !== 'class';
  byId('class').replaceChildren(
    ...model.classes.map((name, label) => element('option', { value: label }, label === Number(name) ? name : label + ' ' + name)));
  byId('n').max = model.limits.n;
  byId('budget').max = model.limits.budget;
  byId('rewards').replaceChildren(...model.rewards.map((name) => element('option', { value: name })));
  byId('reward').placeholder = model.reward;
  byId('held-out').placeholder = model.held_out || 'none';
  byId('method').replaceChildren(...model.methods.map((method) => element('option', { value: method.name }, method.name)));
  byId('method').value = model.method;
  showSettings();
  byId('draw').disabled = false;
}

function chosen() {
  return model.methods.find((method) => method.name === byId('method').value);
}

function showSettings() {
  byId('method-help').textContent = chosen().help;
  byId('settings').replaceChildren(...chosen().settings.map((setting) => {
    const field = element('div', { class: setting.flag ? 'field check' : 'field' });
    const id = 'setting-' + setting.name;
    const label = element('label', { for: id }, setting.name.replaceAll('_', ' '));
    const input = element('input', { id, 'data-setting': setting.name, 'aria-describedby': id + '-help' });
    if (setting.flag) {
      input.type = 'checkbox';
      // A default of neither word is a file of the server's owner: on, in its way.
      input.defaultChecked = setting.default !== 'false';
      field.append(input, label);
    } else {
      input.placeholder = setting.default;
      field.append(label, input);
    }
    field.append(element('p', { id: id + '-help', class: 'faint' }, setting.help));
    return field;
  }));
}

function request() {
  const asked = { async: true, n: Number(byId('n').value), seed: byId('seed').value, method: byId('method').value };
  if (model.takes === 'prompt') {
    asked.prompt = byId('prompt').value;
    if (byId('negative').value) {
      asked.negative = byId('negative').value;
    }
  }
  if (model.takes === 'class') {
    asked.class = Number(byId('class').value);
  }
  for (const [field, id] of [['reward', 'reward'], ['held_out', 'held-out']]) {
    if (byId(id).value.trim()) {
      asked[field] = byId(id).value.trim();
    }
  }
  if (byId('budget').value) {
    asked.budget = Number(byId('budget').value);
  }
  document.querySelectorAll('[data-setting]').forEach((input) => {
    if (input.type === 'checkbox') {
      if (input.checked !== input.defaultChecked) {
        asked[input.dataset.setting] = input.checked;
      }
    } else if (input.value.trim()) {
      asked[input.dataset.setting] = input.value.trim();
    }
  });
  return asked;
}

// Not EventSource, which cannot send a token.
async function* events(path) {
  const reader = (await ask(path)).body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) {
      return;
    }
    const parts = (rest + value).split('\n\n');
    rest = parts.pop();
    for (const part of parts) {
      const fields = Object.fromEntries(part.split('\n').filter((line) => line && !line.startsWith(':'))
        .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
      if (fields.data) {
        yield { name: fields.event, data: JSON.parse(fields.data) };
      }
    }
  }
}

const score = (value) => (value === null || value === undefined ? '-' : value.toFixed(4));
const count = (value) => value.toLocaleString('en');
const picture = (data) => 'data:image/png;base64,' + data;

function draw(name, attributes, text = '') {
  const made = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  made.textContent = text;
  return made;
}

function showChart() {
  const { width, height, left, right, top, bottom } = CHART;
  const parts = [draw('path', { class: 'axis', d: `M${left} ${top}V${height - bottom}H${width - right}` })];
  if (points.length > 0) {
    const most = Math.max(points[points.length - 1].nfe, 1);
    const rewards = points.map((point) => point.reward);
    let low = Math.min(...rewards);
    let high = Math.max(...rewards);
    if (low === high) {
      const room = Math.abs(low) * 0.05 || 1;
      low -= room;
      high += room;
    }
    const x = (nfe) => (left + (nfe / most) * (width - left - right)).toFixed(1);
    const y = (reward) => (height - bottom - ((reward - low) / (high - low)) * (height - top - bottom)).toFixed(1);
    let path = '';
    points.forEach((point, i) => {
      path += i === 0 ? `M${x(point.nfe)} ${y(point.reward)}` : `H${x(point.nfe)}V${y(point.reward)}`;
    });
    const last = points[points.length - 1];
    parts.push(
      draw('path', { class: 'curve', d: path }),
      draw('circle', { class: 'now', cx: x(last.nfe), cy: y(last.reward), r: 4 }),
      draw('text', { x: left - 6, y: top + 9, 'text-anchor': 'end' }, high.toPrecision(3)),
      draw('text', { x: left - 6, y: height - bottom, 'text-anchor': 'end' }, low.toPrecision(3)),
      draw('text', { x: left, y: height - 10 }, '0'),
      draw('text', { x: width - right, y: height - 10, 'text-anchor': 'end' }, count(most) + ' NFE'));
    byId('chart').setAttribute('aria-label',
      `Best reward ${score(last.reward)} after ${count(last.nfe)} network evaluations, ${score(points[0].reward)} at first`);
  }
  byId('chart').replaceChildren(...parts);
}

function showImage(image) {
  const item = element('li');
  const figure = element('figure');
  const shown = element('img', { alt: `Image ${image.image}`, src: picture(image.b64_json) });
  const link = element('a', { href: shown.src, download: `noisetrail-${image.image}.png` }, `Image ${image.image}`);
  const caption = element('figcaption');
  caption.append(link, `: reward ${score(image.reward)}, held-out ${score(image.held_out)}, ${count(image.nfe)} NFE`);
  figure.append(shown, caption);
  item.append(figure);
  byId('images').append(item);
}

function show(event, held) {
  const { name, data } = event;
  if (name === 'status') {
    byId('status').textContent = data.status === 'queued' ? 'Waiting for its turn.' : 'Searching.';
  } else if (name === 'progress') {
    byId('progress').max = data.steps;
    byId('progress').value = data.step;
    byId('nfe').textContent = count(data.nfe);
    byId('best').textContent = score(data.best_reward);
    if (data.best_reward !== null) {
      points.push({ nfe: data.nfe, reward: data.best_reward });
      showChart();
    }
  } else if (name === 'preview') {
    byId('preview').src = picture(data.b64_json);
    byId('preview').hidden = false;
    byId('preview-caption').textContent = 'The best candidate of the moment: ' + score(data.reward);
  } else if (name === 'image') {
    showImage(data);
    if (data.held_out !== null) {
      held.push(data.held_out);
      byId('held').textContent = score(held.reduce((sum, value) => sum + value, 0) / held.length);
    }
  } else if (name === 'end') {
    const words = { done: 'Done.', cancelled: 'Cancelled.', stopped: 'The server was stopped.', failed: 'Failed.' };
    byId('status').textContent = words[data.status] || data.status;
    if (data.status === 'failed') {
      byId('error').textContent = data.error.message;
    }
  }
}

function clear() {
  points = [];
  byId('error').textContent = '';
  byId('images').replaceChildren();
  byId('preview').hidden = true;
  byId('progress').value = 0;
  ['best', 'nfe', 'held'].forEach((id) => { byId(id).textContent = '-'; });
  showChart();
}

async function run() {
  clear();
  byId('draw').disabled = true;
  const held = [];
  try {
    const answer = await ask('/v1/images/generations',
      { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(request()) });
    job = await answer.json();
    byId('cancel').disabled = false;
    for await (const event of events(job.events)) {
      show(event, held);
    }
  } catch (e) {
    byId('status').textContent = 'Nothing was drawn.';
    byId('error').textContent = e.message;
  } finally {
    job = null;
    byId('cancel').disabled = true;
    byId('draw').disabled = false;
  }
}

async function start() {
  try {
    await connect();
    byId('error').textContent = '';
  } catch (e) {
    byId('model').textContent = 'Not connected';
    byId('error').textContent = e.message;
  }
}

byId('form').addEventListener('submit', (event) => {
  event.preventDefault();
  run();
});
byId('method').addEventListener('change', showSettings);
byId('token').addEventListener('change', start);
byId('cancel').addEventListener('click', () => {
  if (job) {
    ask('/jobs/' + job.id, { method: 'DELETE' }).catch((e) => { byId('error').textContent = e.message; });
  }
});
showChart();
start();
