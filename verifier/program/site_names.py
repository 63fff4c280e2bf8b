"""The names that judge sites, and the graders of their datasets, import for every program.

In: a name. Out: the module to import it from. These are the names of LeetCode's own environment and
of the import lists of LiveCodeBench, verl and LeetCodeDataset, which import `*` from most of these
modules. Names of builtins are left out (`pow`, `abs`): a star import replaces them by functions
that do something else. So are single letters of `re`, and `SortedList`, which is no part of Python.

Where two modules have a name, the first one here counts. A name of `typing` that `collections` has
too is the real class.
"""

import builtins
import sys

_MODULES = """
    array bisect cmath collections copy datetime decimal fractions functools heapq io itertools json
    math operator queue random re statistics string sys time typing
"""
MODULES = frozenset(_MODULES.split())

_NAMES = {
    "collections": """
        ChainMap Counter OrderedDict UserDict UserList UserString defaultdict deque namedtuple
    """,
    "heapq": "heapify heappop heappush heappushpop heapreplace merge nlargest nsmallest",
    "itertools": """
        accumulate chain combinations combinations_with_replacement compress count cycle dropwhile
        filterfalse groupby islice pairwise permutations product repeat starmap takewhile tee
        zip_longest
    """,
    "functools": """
        cache cached_property cmp_to_key lru_cache partial partialmethod reduce singledispatch
        singledispatchmethod total_ordering update_wrapper wraps
    """,
    "bisect": "bisect_left bisect_right insort insort_left insort_right",
    "math": """
        acos acosh asin asinh atan atan2 atanh cbrt ceil comb copysign cos cosh degrees dist e erf
        erfc exp exp2 expm1 fabs factorial floor fmod frexp fsum gamma gcd hypot inf isclose
        isfinite isinf isnan isqrt lcm ldexp lgamma log log10 log1p log2 modf nan nextafter perm pi
        prod radians remainder sin sinh sqrt tan tanh tau trunc ulp
    """,
    "string": """
        Formatter Template ascii_letters ascii_lowercase ascii_uppercase capwords digits hexdigits
        octdigits printable punctuation whitespace
    """,
    "random": """
        Random betavariate choice choices expovariate gauss getrandbits getstate lognormvariate
        normalvariate paretovariate randbytes randint randrange sample seed setstate shuffle
        triangular uniform vonmisesvariate weibullvariate
    """,
    "operator": """
        add and_ attrgetter concat contains countOf delitem eq floordiv ge getitem gt iadd iand
        iconcat ifloordiv ilshift imod imul index indexOf inv invert ior ipow irshift is_ is_not
        isub itemgetter itruediv ixor le length_hint lshift lt matmul methodcaller mod mul ne neg
        not_ or_ pos rshift setitem sub truediv truth xor
    """,
    "statistics": """
        NormalDist StatisticsError fmean geometric_mean harmonic_mean mean median median_grouped
        median_high median_low mode multimode pstdev pvariance quantiles stdev variance
    """,
    "copy": "deepcopy",
    "datetime": "date timedelta timezone tzinfo",
    "re": """
        DOTALL IGNORECASE MULTILINE VERBOSE escape findall finditer fullmatch match search split
        subn
    """,
    "json": "JSONDecodeError JSONDecoder JSONEncoder dumps loads",
    "io": "BytesIO StringIO TextIOWrapper",
    "sys": "getrecursionlimit getsizeof maxsize setrecursionlimit stderr stdin stdout",
    "fractions": "Fraction",
    "decimal": """
        Decimal ROUND_CEILING ROUND_DOWN ROUND_FLOOR ROUND_HALF_DOWN ROUND_HALF_EVEN ROUND_HALF_UP
        ROUND_UP getcontext localcontext
    """,
    "queue": "LifoQueue PriorityQueue Queue SimpleQueue",
    "typing": """
        AbstractSet Annotated Any AnyStr AsyncContextManager AsyncGenerator AsyncIterable
        AsyncIterator Awaitable BinaryIO Callable ClassVar Collection Concatenate Container
        ContextManager Coroutine DefaultDict Deque Dict Final ForwardRef FrozenSet Generator Generic
        Hashable IO ItemsView Iterable Iterator KeysView List Literal LiteralString Mapping
        MappingView Match MutableMapping MutableSequence MutableSet NamedTuple Never NewType
        NoReturn NotRequired Optional ParamSpec ParamSpecArgs ParamSpecKwargs Pattern Protocol
        Required Reversible Self Sequence Set Sized SupportsAbs SupportsBytes SupportsComplex
        SupportsFloat SupportsIndex SupportsInt SupportsRound TYPE_CHECKING Text TextIO Tuple Type
        TypeAlias TypeGuard TypeVar TypeVarTuple TypedDict Union Unpack ValuesView assert_never
        assert_type cast clear_overloads dataclass_transform final get_args get_origin
        get_overloads get_type_hints is_typeddict no_type_check no_type_check_decorator overload
        reveal_type runtime_checkable
    """,
}
_SINCE_3_12 = {"itertools": "batched", "math": "sumprod", "typing": "override"}

DUAL = frozenset({"array", "bisect", "copy", "datetime", "random"})
"""Modules that hold something of their own name, for which programs use the name as well."""


def _by_name() -> dict[str, str]:
    names = {name: module for module, text in _NAMES.items() for name in text.split()}
    if sys.version_info >= (3, 12):
        names |= {name: module for module, name in _SINCE_3_12.items()}
    return names


SOURCES = _by_name()
"""The module of each name that is imported from one."""

assert SOURCES.keys().isdisjoint(dir(builtins))  # noqa: S101  (a program keeps its builtins)
