# Makes the rows of seed/ anew: `python3 examples/shop/seed/make.py`. The same numbers in, the same
# bytes out: ids are counted, choices come from a generator with a fixed seed, nothing looks at a
# clock or a network. Names and people are made up here.

import csv
import datetime
import json
import pathlib
import random

HERE = pathlib.Path(__file__).parent
START = datetime.datetime(2025, 1, 6, 8, 0, tzinfo=datetime.timezone.utc)
chance = random.Random(20250106)

SHELVES = [
    ("KI", "kitchen", "Kitchen", ["Kettle", "Pan", "Knife", "Chopping board", "Colander", "Mortar"]),
    ("TA", "table", "Table", ["Plate", "Bowl", "Mug", "Glass", "Jug", "Tray"]),
    ("BA", "bath", "Bath", ["Towel", "Soap dish", "Bath mat", "Mirror", "Brush", "Basket"]),
    ("BE", "bed", "Bed", ["Pillow", "Duvet", "Sheet", "Blanket", "Mattress", "Quilt"]),
    ("LI", "light", "Light", ["Lamp", "Candle", "Lantern", "Bulb", "Shade", "Torch"]),
    ("GA", "garden", "Garden", ["Spade", "Hose", "Pot", "Rake", "Gloves", "Watering can"]),
    ("TO", "tools", "Tools", ["Hammer", "Saw", "Drill", "Spanner", "Tape measure", "Ladder"]),
    ("ST", "storage", "Storage", ["Shelf", "Box", "Hook", "Chest", "Rack", "Drawer"]),
    ("CL", "cleaning", "Cleaning", ["Broom", "Bucket", "Mop", "Cloth", "Dustpan", "Duster"]),
    ("OF", "office", "Office", ["Notebook", "Pen", "Stapler", "Desk", "Chair", "Folder"]),
    ("PL", "play", "Play", ["Kite", "Ball", "Puzzle", "Chess set", "Top", "Blocks"]),
    ("TR", "travel", "Travel", ["Rucksack", "Bottle", "Tent", "Compass", "Map case", "Stove"]),
]
KINDS = ["plain", "large", "small", "blue"]
COLOURS = {"plain": "grey", "large": "green", "small": "yellow", "blue": "blue"}
SUPPLIERS = ["Harbour & Sons", "Nordlicht", "Casa Bruna", "Ferro"]
GIVEN = ["Ada", "Bela", "Carla", "Dan", "Edith", "Femi", "Greta", "Hugo", "Ines", "Jonas"]
FAMILY = ["Abel", "Brandt", "Costa", "Dahl", "Eriksen", "Fischer"]
CITIES = [("Bremen", "28195", "DE"), ("Porto", "4000-001", "PT"), ("Oslo", "0150", "NO")]


def uuid7(kind, number):
    """An id that sorts by number, of the form that the server makes itself."""
    millis = int(START.timestamp() * 1000) + number
    text = f"{millis:012x}"
    return f"{text[:8]}-{text[8:]}-7{kind:03x}-8000-{number:012x}"


def time(when):
    return when.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def money(cents):
    return f"{cents // 100}.{cents % 100:02d}"


def write(module, table, names, rows):
    folder = HERE / module
    folder.mkdir(exist_ok=True)
    with open(folder / f"{table}.csv", "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(names)
        # A bare NULL is a null; an empty cell is an empty text.
        out.writerows([["NULL" if cell is None else cell for cell in row] for row in rows])


def catalog():
    categories, products, costs = [], [], []
    for position, (_, slug, name, _) in enumerate(SHELVES, 1):
        categories.append([uuid7(1, position), slug, name, position])
    for shelf, (letters, slug, _, things) in enumerate(SHELVES):
        for number, (thing, kind) in enumerate(((t, k) for t in things for k in KINDS[:3]), 1):
            at = len(products) + 1
            cents = chance.randrange(199, 19999)
            before = cents + chance.randrange(100, 2000) if chance.random() < 0.2 else None
            status = "on_sale" if chance.random() < 0.9 else chance.choice(["draft", "retired"])
            tags = [slug, kind] if kind != "plain" else [slug]
            details = {"colour": COLOURS[kind], "weight_g": chance.randrange(50, 5000)}
            products.append([
                uuid7(2, at),
                f"{letters}-{number:04d}",
                thing if kind == "plain" else f"{thing}, {kind}",
                f"A {kind} {thing.lower()} for everyday use.",
                money(cents),
                money(before) if before else None,
                None,
                chance.choice([0, 2, 3, 8, 12, 20, 40, 75]),
                status,
                "{" + ",".join(tags) + "}",
                json.dumps(details),
                categories[shelf][0],
                time(START + datetime.timedelta(minutes=at)),
            ])
            paid = cents * chance.randrange(40, 75) // 100
            products[-1][6] = money(paid)
            costs.append([uuid7(2, at), money(paid), chance.choice(SUPPLIERS), "2025-01-01"])
    write("catalog", "categories", ["id", "slug", "name", "position"], categories)
    names = ["id", "sku", "name", "description", "price", "price_before", "cost", "stock", "status",
             "tags", "details", "category", "added"]
    write("catalog", "products", names, products)
    write("catalog", "purchase_prices", ["product", "cost", "supplier", "since"], costs)
    return products


def customers():
    rows = []
    for number in range(1, 25):
        given, family = GIVEN[number % len(GIVEN)], FAMILY[number % len(FAMILY)]
        city, postcode, country = CITIES[number % len(CITIES)]
        address = {"street": f"Long Street {number}", "city": city, "postcode": postcode,
                   "country": country}
        rows.append([
            uuid7(3, number),
            uuid7(5, number) if number % 4 else None,
            f"{given}.{family}.{number}@example.org".lower(),
            f"{given} {family}",
            f"+49 421 {5000 + number}" if number % 3 else None,
            json.dumps(address),
            time(START + datetime.timedelta(hours=number)),
        ])
    write("orders", "customers", ["id", "user", "email", "name", "phone", "address", "joined"], rows)
    return rows


def cents(text):
    return int(text.replace(".", ""))


def orders(products, buyers):
    rows, lines, payments = [], [], []
    states = ["placed", "paid", "paid", "shipped", "shipped", "shipped", "cancelled", "cart"]
    for number in range(1, 61):
        status = chance.choice(states)
        placed = START + datetime.timedelta(days=7, hours=5 * number, minutes=chance.randrange(60))
        shipped = placed + datetime.timedelta(days=2) if status == "shipped" else None
        note = "Please ring twice." if number % 9 == 0 else None
        buyer = chance.choice(buyers)[0]
        rows.append([number, buyer, status, note, time(placed), time(shipped) if shipped else None])
        total = 0
        for line, product in enumerate(chance.sample(products, chance.randrange(1, 5)), 1):
            quantity = chance.randrange(1, 4)
            lines.append([number, line, product[1], product[2], quantity, product[4]])
            total += quantity * cents(product[4])
        if status in ("paid", "shipped"):
            at = time(placed + datetime.timedelta(minutes=3))
            kind = chance.choice(["card", "card", "transfer"])
            reference = f"{kind[:2].upper()}{number:06d}"
            payments.append([uuid7(4, number), number, kind, reference, money(total), "EUR", at])
    names = ["id", "customer", "status", "note", "placed", "shipped"]
    write("orders", "orders", names, rows)
    write("orders", "order_lines", ["order_id", "line", "sku", "name", "quantity", "price"], lines)
    names = ["id", "order_id", "provider", "reference", "amount", "currency", "received"]
    write("payments", "payments", names, payments)


if __name__ == "__main__":
    orders(catalog(), customers())
