// Compared with long multiplication on strings of decimal digits, which shares nothing with the 128-bit
// arithmetic under test.
#include "engine/base/decimal.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"
#include "tests/support/random.h"

namespace netsurf {
namespace {

UnitDecimal decimal(std::string_view text) { return UnitDecimal::parse(text, "ber"); }

/// "0.<fraction>" times a whole number: the whole part, and the fraction as text of the same length.
struct Product {
  uint64_t whole = 0;
  std::string fraction;
};

Product multiply(std::string fraction, uint64_t count) {
  uint64_t carry = 0;
  for (size_t i = fraction.size(); i-- > 0;) {
    carry += static_cast<uint64_t>(fraction[i] - '0') * count;
    fraction[i] = static_cast<char>('0' + carry % 10);
    carry /= 10;
  }
  return {carry, fraction};
}

/// -1, 0 or 1 as the fraction is below, at or above one half.
int against_half(const std::string& fraction) {
  std::string half(fraction.size(), '0');
  half[0] = '5';
  return fraction < half ? -1 : (fraction > half ? 1 : 0);
}

uint64_t expected_two_to_64(std::string fraction) {
  uint64_t bits = 0;
  for (int i = 0; i < 64; ++i) {
    Product doubled = multiply(fraction, 2);
    bits = bits * 2 + doubled.whole;
    fraction = doubled.fraction;
  }
  bool up = against_half(fraction) >= 0;
  return up && bits == ~uint64_t{0} ? bits : bits + (up ? 1 : 0);
}

/// 1 to 35 digits after the point, at most 17 of them after the leading zeros.
std::string random_fraction(testing::Random& random) {
  std::string digits(static_cast<size_t>(random.pick(0, 18)), '0');
  for (int i = random.pick(1, 17); i > 0; --i) digits += static_cast<char>('0' + random.pick(0, 9));
  return digits;
}

TEST(UnitDecimal, ProductsWithCountsAreExact) {
  testing::Random random(7);
  for (int i = 0; i < 5000; ++i) {
    std::string fraction = random_fraction(random);
    UnitDecimal value = decimal("0." + fraction);
    auto count = static_cast<uint64_t>(random.between(0, (int64_t{1} << random.pick(0, 40)) - 1));
    Product expected = multiply(fraction, count);
    ASSERT_EQ(value.floor_of(count), expected.whole) << fraction << " x " << count;
    int half = against_half(expected.fraction);
    bool up = half > 0 || (half == 0 && (expected.whole & 1) != 0);
    ASSERT_EQ(value.round_of(count), expected.whole + (up ? 1 : 0)) << fraction << " x " << count;
    ASSERT_EQ(value.times_two_to_64(), expected_two_to_64(fraction)) << fraction;
  }
}

TEST(UnitDecimal, FloorDoesNotFallShortWhereABinaryFractionWould) {
  EXPECT_EQ(decimal("0.3").floor_of(10), 3);  // 0.3 as a double times 10 is above, 0.29 times 100 below
  EXPECT_EQ(decimal("0.29").floor_of(100), 29);
  EXPECT_EQ(decimal("0.57").floor_of(100), 57);
  EXPECT_EQ(decimal("0.999999999999999999").floor_of((uint64_t{1} << 40) - 1), (uint64_t{1} << 40) - 2);
}

TEST(UnitDecimal, HalvesRoundToTheEvenCount) {
  EXPECT_EQ(decimal("0.5").round_of(1), 0);
  EXPECT_EQ(decimal("0.5").round_of(3), 2);
  EXPECT_EQ(decimal("0.5").round_of(5), 2);
  EXPECT_EQ(decimal("0.25").round_of(10), 2);
  EXPECT_EQ(decimal("0.35").round_of(10), 4);
  EXPECT_EQ(decimal("0.2500000000001").round_of(10), 3);
}

TEST(UnitDecimal, KnownMultiplesOfTwoToThe64) {
  EXPECT_EQ(decimal("0.5").times_two_to_64(), uint64_t{1} << 63);
  EXPECT_EQ(decimal("0.1").times_two_to_64(), 1844674407370955162u);
  EXPECT_EQ(decimal("0.3").times_two_to_64(), 5534023222112865485u);
  EXPECT_EQ(decimal("1e-3").times_two_to_64(), 18446744073709552u);
  EXPECT_EQ(decimal("1e-19").times_two_to_64(), 2u);
  EXPECT_EQ(decimal("2e-20").times_two_to_64(), 0u);
  EXPECT_EQ(decimal("0.999999999999999999").times_two_to_64(), 18446744073709551598u);
}

TEST(UnitDecimal, OneValueHasOneText) {
  for (const char* text : {"1e-3", "0.001", ".0010", "+0.001", "001e-3", "0.1E-2", "1e-03", "100e-5"}) {
    EXPECT_EQ(decimal(text).text(), "0.001") << text;
    EXPECT_EQ(decimal(text), decimal("0.001")) << text;
  }
  for (const char* text : {"0", "0.0", ".0", "0e7", "-0", "0.", "0e-999"}) {
    EXPECT_EQ(decimal(text).text(), "0") << text;
    EXPECT_TRUE(decimal(text).is_zero()) << text;
  }
  for (const char* text : {"1", "1.0", "1.", "10e-1", "0.1e1", "1e0", "1e+0", "100000000000000000e-17"}) {
    EXPECT_EQ(decimal(text).text(), "1") << text;
    EXPECT_TRUE(decimal(text).is_one()) << text;
  }
  EXPECT_EQ(decimal("1e-36").text(), "0." + std::string(35, '0') + "1");
  EXPECT_EQ(UnitDecimal().text(), "0");
}

TEST(UnitDecimal, TextReadsBackAsTheSameValue) {
  testing::Random random(11);
  for (int i = 0; i < 2000; ++i) {
    UnitDecimal value = decimal("0." + random_fraction(random));
    ASSERT_EQ(decimal(value.text()), value) << value.text();
    ASSERT_EQ(decimal(value.text()).text(), value.text());
  }
}

TEST(UnitDecimal, ValueIsTheNearestDouble) {
  EXPECT_EQ(decimal("0.1").value(), 0.1);
  EXPECT_EQ(decimal("3e-7").value(), 3e-7);
  EXPECT_EQ(decimal("1").value(), 1.0);
  EXPECT_EQ(decimal("0").value(), 0.0);
}

TEST(UnitDecimal, AnythingElseIsRefused) {
  for (const char* text : {"1.2",
                           "-0.1",
                           "-1",
                           "2",
                           "1e1",
                           "1.000000000000001",
                           "10",
                           "+-0.1",
                           "nan",
                           "inf",
                           "",
                           ".",
                           "e",
                           "-",
                           "+",
                           "0x1",
                           "1e",
                           "1e+",
                           "1e-",
                           "1e+-3",
                           "1e++3",
                           "1e-3 ",
                           " 0.1",
                           "0,1",
                           "0.1.1",
                           "0.1f",
                           "1/2",
                           "1e-37",
                           "1e99999999999",
                           "1e-2147483648",
                           "0e-2147483648",
                           "1e2147483647",
                           "1e1001",
                           "0.1234567890123456789",
                           "1234567890123456789e-19"}) {
    EXPECT_THROW(decimal(text), InputError) << '"' << text << '"';
  }
  EXPECT_THROW(decimal(std::string("0.1\0", 4)), InputError);
  EXPECT_THROW(decimal("0." + std::string(5000, '0')), InputError);
}

TEST(UnitDecimal, RefusalsSayWhatWasFoundAndWhatIsExpected) {
  expect_error<InputError>([] { UnitDecimal::parse("1.2", "bit error rate"); },
                           {"bit error rate", "\"1.2\"", "outside [0, 1]", "such as 0.001"});
  expect_error<InputError>([] { UnitDecimal::parse("0.1234567890123456789", "ber"); },
                           {"18 significant digits"});
  expect_error<InputError>([] { UnitDecimal::parse("many", "protection"); }, {"protection", "not a number"});
}

TEST(UnitDecimal, OrdersByValue) {
  testing::Random random(13);
  auto scaled = [](const std::string& fraction) {
    unsigned __int128 number = 0;
    for (size_t i = 0; i < 36; ++i)
      number = number * 10 + (i < fraction.size() ? unsigned(fraction[i] - '0') : 0u);
    return number;
  };
  for (int i = 0; i < 5000; ++i) {
    std::string a = random_fraction(random);
    std::string b = random.chance(30) && a.size() < 36 ? a + "0" : random_fraction(random);
    UnitDecimal left = decimal("0." + a), right = decimal("0." + b);
    ASSERT_EQ(left < right, scaled(a) < scaled(b)) << a << " " << b;
    ASSERT_EQ(right < left, scaled(b) < scaled(a)) << a << " " << b;
    ASSERT_EQ(left == right, scaled(a) == scaled(b)) << a << " " << b;
  }
  for (const char* text : {"0", "1e-36", "0.5", "0.999999999999999999"}) {
    EXPECT_LT(decimal(text), decimal("1"));
    EXPECT_FALSE(decimal("1") < decimal(text));
    EXPECT_EQ(decimal("0") < decimal(text), !decimal(text).is_zero());
  }
  EXPECT_FALSE(decimal("1") < decimal("1"));
  EXPECT_FALSE(decimal("0") < decimal("0"));
}

}  // namespace
}  // namespace netsurf
